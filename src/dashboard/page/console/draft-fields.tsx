import { Field, TextField } from '../components/field.tsx';
import { describeData, type Draft } from './creator-draft.ts';

/** The fields that hold a text as it was typed. */
type TextKey = 'channels' | 'userId' | 'name' | 'data' | 'except' | 'batch';

/** What the fields of the event creator need. */
export interface DraftProps {
  readonly draft: Draft;
  readonly edit: (changes: Partial<Draft>) => void;
  readonly faults: Readonly<Record<string, string>>;
}

/** What a field of a text needs. */
export function bindText({ draft, edit, faults }: DraftProps, key: TextKey) {
  return {
    value: draft[key],
    onInput: (value: string) => edit({ [key]: value }),
    fault: faults[key],
  };
}

/** The name of the event. */
export function EventName(props: DraftProps) {
  return <Field label="Event" placeholder="order-paid" {...bindText(props, 'name')} />;
}

/** The data, with what kind of text it is. */
export function Data(props: DraftProps) {
  const { isJson, text } = describeData(props.draft.data);
  return (
    <TextField
      label="Data"
      rows={5}
      {...bindText(props, 'data')}
      hint={<span class={isJson ? 'data-json' : 'data-text'}>{text}</span>}
    />
  );
}
