import { Field, TextField } from '../components/field.tsx';
import { describeData, type Draft } from './creator-draft.ts';

/** What the fields of the event creator need. */
export interface DraftProps {
  readonly draft: Draft;
  readonly edit: (changes: Partial<Draft>) => void;
  readonly faults: Readonly<Record<string, string>>;
}

/** The name of the event. */
export function EventName({ draft, edit, faults }: DraftProps) {
  return (
    <Field
      label="Event"
      value={draft.name}
      onInput={(name) => edit({ name })}
      fault={faults['name']}
      placeholder="order-paid"
    />
  );
}

/** The data, with what kind of text it is. */
export function Data({ draft, edit }: DraftProps) {
  const { isJson, text } = describeData(draft.data);
  return (
    <TextField
      label="Data"
      rows={5}
      value={draft.data}
      onInput={(data) => edit({ data })}
      hint={<span class={isJson ? 'data-json' : 'data-text'}>{text}</span>}
    />
  );
}
