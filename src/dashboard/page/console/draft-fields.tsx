import { Field, TextField } from '../components/field.tsx';
import { describeData, type Draft } from './creator-draft.ts';

/** The text fields of a draft. */
type TextKey = 'channels' | 'userId' | 'name' | 'data' | 'except' | 'batch';

/** The properties of the fields of the event creator. */
export interface DraftProps {
  readonly draft: Draft;
  readonly edit: (changes: Partial<Draft>) => void;
  readonly faults: Readonly<Record<string, string>>;
}

/** Binds a text field to the draft. */
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

/** The data, with a hint about its kind. */
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
