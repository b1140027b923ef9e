import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Choice, Field, TextField } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { toast } from '../components/toast.tsx';
import { plural } from '../format.ts';
import { useAction } from '../resource.ts';
import { apps } from '../session.ts';
import { AsClient } from './as-client.tsx';
import { dataOf, eventsOf, withoutConnections, type CreatorWay, type Draft } from './creator-draft.ts';
import { bindText, Data, EventName, type DraftProps } from './draft-fields.tsx';

interface CreatorProps {
  /** If absent, the form asks for it. */
  readonly app: string | undefined;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly onClose: () => void;
}

const ways: readonly { readonly value: CreatorWay; readonly text: string }[] = [
  { value: 'channels', text: 'As a backend, to channels' },
  { value: 'user', text: 'As a backend, to a user' },
  { value: 'client', text: 'As a connected client' },
  { value: 'batch', text: 'As a backend, as a batch' },
];

/** The event creator: sends events as a backend, or in the name of a connected client. */
export function Creator({ app: given, draft, onChange, onClose }: CreatorProps) {
  const app = given ?? draft.app ?? apps.value[0]?.id ?? '';
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({});
  const action = useAction();
  const edit = (changes: Partial<Draft>) => {
    onChange({ ...draft, ...changes });
    setFaults({});
    action.clear();
  };
  const before = useRef(app);
  useLayoutEffect(() => {
    if (before.current !== app) edit(withoutConnections(draft));
    before.current = app;
  }, [app]);
  const submit = () => {
    const { faults: found, send } = prepare(app, draft);
    setFaults(found);
    if (send !== undefined) action.run(async () => toast(await send()));
  };
  return (
    <section class="creator" aria-label="Event creator">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div class="creator-row">
          <Choice label="Send" value={draft.way} options={ways} onChange={(way) => edit({ way })} />
          {given === undefined && (
            <Choice
              label="App"
              value={app}
              options={apps.value.map(({ id }) => ({ value: id, text: id }))}
              onChange={(chosen) => edit({ app: chosen })}
            />
          )}
        </div>
        <FormOf app={app} draft={draft} edit={edit} faults={faults} />
        <ErrorNotice error={action.error} title="Not sent" />
        <div class="actions">
          <Button kind="primary" type="submit" icon="send" isBusy={action.isBusy} changes>
            Send
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Close
          </Button>
        </div>
      </form>
    </section>
  );
}

function FormOf(props: DraftProps & { readonly app: string }) {
  switch (props.draft.way) {
    case 'batch':
      return (
        <TextField
          label="Events"
          rows={8}
          {...bindText(props, 'batch')}
          hint="A JSON list. Data that is not a string is sent as JSON."
        />
      );
    case 'client':
      return <AsClient {...props} />;
    case 'user':
      return (
        <>
          <div class="creator-row">
            <Field
              label="User"
              {...bindText(props, 'userId')}
              hint="Every connection of this user receives the event."
            />
            <EventName {...props} />
          </div>
          <Data {...props} />
        </>
      );
    case 'channels':
      return (
        <>
          <div class="creator-row">
            <Field
              label="Channels"
              {...bindText(props, 'channels')}
              placeholder="orders, private-user-42"
              hint="Separated by commas or spaces."
            />
            <EventName {...props} />
            <Field
              label="Except"
              {...bindText(props, 'except')}
              placeholder="none"
              hint="The socket_id of a connection that does not receive it."
            />
          </div>
          <Data {...props} />
        </>
      );
  }
}

interface Prepared {
  readonly faults: Readonly<Record<string, string>>;
  /** Sends it, and returns a sentence about what was sent. */
  readonly send?: () => Promise<string>;
}

function prepare(app: string, draft: Draft): Prepared {
  if (draft.way === 'client') return prepareClient(app, draft);
  const checked = eventsOf(draft);
  if ('faults' in checked) return { faults: checked.faults };
  const { value: events } = checked;
  return {
    faults: {},
    send: async () => `Published ${plural((await api.publish(app, events)).published, 'event')}`,
  };
}

function prepareClient(app: string, draft: Draft): Prepared {
  const { socketId, channels: channel, name: event } = draft;
  const faults = {
    ...(socketId === '' && { socketId: 'Choose a connection.' }),
    ...(channel === '' && { channels: 'Choose a channel.' }),
    ...(!event.startsWith('client-') && { name: 'The name of a client event must begin with client-.' }),
  };
  if (Object.keys(faults).length > 0) return { faults };
  return {
    faults,
    send: async () => {
      await api.clientEvent(app, { socketId, channel, event, data: dataOf(draft) });
      return `Sent ${event} as ${socketId}`;
    },
  };
}
