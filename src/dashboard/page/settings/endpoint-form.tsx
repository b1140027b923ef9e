import { useEffect, useRef, useState } from 'preact/hooks';
import type { EndpointView } from '../../../views/settings.ts';
import { eventNames } from '../../../webhooks/event.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Check, Field, TextField } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { faultAt, otherFaults, type Fault } from '../faults.ts';
import { useAction } from '../resource.ts';
import { self } from '../session.ts';
import { checkDraft, draftOf, emptyDraft, withEventType, type EndpointDraft } from './endpoint-draft.ts';
import { eventMeanings } from './event-types.ts';

const fields = ['id', 'url', 'eventTypes', 'channels', 'headers', 'batch', 'standardSignature', 'reconcile'];

interface EndpointFormProps {
  readonly app: string;
  /** If absent, the form adds a new endpoint. */
  readonly endpoint: EndpointView | undefined;
  readonly onSaved: (endpoint: EndpointView) => void;
  readonly onCancel: () => void;
}

interface PartProps {
  readonly draft: EndpointDraft;
  readonly set: (draft: EndpointDraft) => void;
  readonly faults: readonly Fault[];
  readonly endpoint: EndpointView | undefined;
  /** Binds a text field. `path` is the path that the server uses for faults of the field. */
  readonly text: (key: KeyOf<string>, path?: string) => TextBinding;
  readonly check: (key: KeyOf<boolean>) => Pick<Parameters<typeof Check>[0], 'isOn' | 'onChange'>;
}

type TextBinding = Pick<Parameters<typeof Field>[0], 'value' | 'onInput' | 'fault'>;

/** The fields of the form whose value has this type. */
type KeyOf<Value> = {
  [Key in keyof EndpointDraft]: EndpointDraft[Key] extends Value ? Key : never;
}[keyof EndpointDraft];

/** The form of an endpoint. */
export function EndpointForm({ app, endpoint, onSaved, onCancel }: EndpointFormProps) {
  const [draft, set] = useState(endpoint === undefined ? emptyDraft : draftOf(endpoint));
  const [ownFaults, setOwnFaults] = useState<readonly Fault[]>([]);
  const action = useAction();
  const form = useRef<HTMLFormElement>(null);
  const faults = [...ownFaults, ...(action.error?.faults ?? [])];
  const rest = otherFaults(faults, fields);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => focusFirstFault(form.current), [ownFaults, action.error]);
  const save = () => {
    const checked = checkDraft(draft, endpoint);
    setOwnFaults('faults' in checked ? checked.faults : []);
    action.clear();
    if ('faults' in checked) return;
    action.run(async () => {
      onSaved(
        endpoint === undefined
          ? await api.addEndpoint(app, checked.input)
          : await api.changeEndpoint(app, endpoint.id, checked.input),
      );
    });
  };
  const part: PartProps = {
    draft,
    set,
    faults,
    endpoint,
    text: (key, path = key) => ({
      value: draft[key],
      onInput: (value) => set({ ...draft, [key]: value }),
      fault: faultAt(faults, path),
    }),
    check: (key) => ({ isOn: draft[key], onChange: (isOn) => set({ ...draft, [key]: isOn }) }),
  };
  return (
    <form
      ref={form}
      class="panel form"
      aria-label={endpoint === undefined ? 'New endpoint' : `Endpoint ${endpoint.id}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <h3>{endpoint === undefined ? 'New endpoint' : `Edit ${endpoint.id}`}</h3>
      <Address {...part} />
      <EventTypes {...part} />
      <details>
        <summary>Channel filter, headers, batching, signature, reconcile</summary>
        <div class="form">
          <Filter {...part} />
          <Batching {...part} />
          <Options {...part} />
        </div>
      </details>
      <ErrorNotice title="Not saved." error={action.error} hidesFaults />
      {rest.length > 0 && (
        <Notice kind="bad">{rest.map(({ path, message }) => `${path}: ${message}`).join(' ')}</Notice>
      )}
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={action.isBusy} changes>
          Save
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

function Address({ text }: PartProps) {
  const isProduction = self.value?.isProduction === true;
  return (
    <Field
      label="Endpoint URL"
      inputMode="url"
      placeholder="https://example.com/webhooks"
      {...text('url')}
      hint={
        isProduction
          ? 'It must use https, because this server runs in production mode.'
          : 'In production it must use https. On this server, http is allowed too.'
      }
    />
  );
}

function EventTypes({ draft, set, faults }: PartProps) {
  const fault = faultAt(faults, 'eventTypes');
  return (
    <fieldset aria-describedby={fault === undefined ? undefined : 'event-types-fault'}>
      <legend>Event types</legend>
      {fault !== undefined && (
        <p class="fault" id="event-types-fault">
          {fault}
        </p>
      )}
      <div class="checks">
        {eventNames.map((name) => (
          <Check
            key={name}
            label={<code>{name}</code>}
            hint={eventMeanings[name]}
            isOn={draft.eventTypes.includes(name)}
            onChange={(isOn) => set(withEventType(draft, name, isOn))}
          />
        ))}
      </div>
    </fieldset>
  );
}

function Filter({ text }: PartProps) {
  return (
    <>
      <div class="columns">
        <Field
          label="Only channels that begin with"
          placeholder="presence-"
          {...text('startsWith', 'channels')}
        />
        <Field label="Only channels that end with" {...text('endsWith')} />
      </div>
      <TextField
        label="Headers of each webhook"
        rows={2}
        placeholder="Authorization: Bearer ..."
        hint="One per line, as Name: value."
        {...text('headers')}
      />
    </>
  );
}

function Batching({ draft, endpoint, text, check }: PartProps) {
  return (
    <fieldset>
      <legend>Batching</legend>
      <Check
        label="Send several events in one webhook"
        hint="If this is off, each webhook has exactly one event."
        {...check('isBatching')}
      />
      {draft.isBatching && (
        <div class="columns">
          {(
            [
              ['maxEvents', 'At most', 'events'],
              ['maxDelayMs', 'Wait at most', 'ms'],
              ['maxBytes', 'At most', 'bytes'],
            ] as const
          ).map(([key, label, unit]) => (
            <Field
              key={key}
              label={`${label} (${unit})`}
              inputMode="numeric"
              placeholder={inherited(key, endpoint)}
              {...text(key, `batch.${key}`)}
            />
          ))}
        </div>
      )}
    </fieldset>
  );
}

/** The value that applies if a field of the batching stays empty, if it is known. */
function inherited(key: keyof EndpointView['batch'], endpoint: EndpointView | undefined): string {
  const isKnown = endpoint !== undefined && endpoint.ownBatch?.[key] === undefined;
  return isKnown ? `${endpoint.batch[key]} (server default)` : 'server default';
}

function Options({ endpoint, text, check }: PartProps) {
  return (
    <>
      <Check
        label="Standard Webhooks signature"
        hint="Each webhook also has the header webhook-signature."
        {...check('standardSignature')}
      />
      <Check
        label="Reconcile"
        hint="After events were dropped, the endpoint receives events that bring it back to the true state."
        {...check('reconcile')}
      />
      {endpoint === undefined && (
        <Field
          label="Id"
          placeholder="derived from the URL"
          hint="A short name for lists, searches and the API."
          {...text('id')}
        />
      )}
    </>
  );
}

function focusFirstFault(form: HTMLFormElement | null): void {
  const field = form?.querySelector('[aria-invalid="true"]');
  if (!(field instanceof HTMLElement)) return;
  const details = field.closest('details');
  if (details !== null) details.open = true;
  field.focus();
}
