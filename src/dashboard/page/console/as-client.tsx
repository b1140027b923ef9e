import type { ConnectionView } from '../../../views/channels.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Choice, Field } from '../components/field.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { count } from '../format.ts';
import { useResource } from '../resource.ts';
import { bindText, Data, type DraftProps } from './draft-fields.tsx';

const maxListed = 200;

/** The form of a client event that is sent in the name of a subscribed connection. */
export function AsClient(props: DraftProps & { readonly app: string }) {
  const { app, draft, edit, faults } = props;
  const { value, error, isLoading, reload } = useResource(`connections ${app}`, (signal) =>
    api.connections(app, signal),
  );
  if (error !== undefined) return <ErrorNotice error={error} onRetry={reload} />;
  if (value === undefined) return <Loading what="the connections" />;
  const able = value.connections.filter(({ channels }) => channels.some(({ name }) => mayCarry(name)));
  if (able.length === 0)
    return (
      <Empty title="No connection can send a client event" action={<Button onClick={reload}>Refresh</Button>}>
        A connection must be subscribed to a private or presence channel to send one.
      </Empty>
    );
  const channels = channelsOf(able.find(({ socketId }) => socketId === draft.socketId));
  return (
    <>
      <div class="creator-row">
        <div>
          <Choice
            label="Connection"
            value={draft.socketId}
            options={[{ value: '', text: 'Choose …' }, ...able.slice(0, maxListed).map(optionOf)]}
            onChange={(socketId) => {
              const [only] = channelsOf(able.find((one) => one.socketId === socketId));
              edit({ socketId, channels: only ?? '' });
            }}
          />
          <Fault text={faults['socketId']} />
          {able.length > maxListed && (
            <p class="hint">
              The first {maxListed} of {count(able.length)} are listed.
            </p>
          )}
        </div>
        <div>
          <Choice
            label="Channel"
            value={draft.channels}
            options={channels.map((name) => ({ value: name, text: name }))}
            onChange={(name) => edit({ channels: name })}
          />
          <Fault text={faults['channels']} />
        </div>
        <Field label="Event" {...bindText(props, 'name')} placeholder="client-typing" />
        <Button
          kind="quiet"
          icon="refresh"
          label="Refresh the connections"
          isBusy={isLoading}
          onClick={reload}
        />
      </div>
      <Data {...props} />
    </>
  );
}

function Fault({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <p class="fault">{text}</p>;
}

function optionOf({ socketId, userId, channels }: ConnectionView) {
  const user = userId ?? channels.find((channel) => channel.userId !== undefined)?.userId;
  return { value: socketId, text: user === undefined ? socketId : `${socketId} (user ${user})` };
}

function channelsOf(connection: ConnectionView | undefined): readonly string[] {
  return connection?.channels.map(({ name }) => name).filter(mayCarry) ?? [];
}

/** Client events need a private or presence channel. The server cannot encrypt one for an encrypted channel. */
function mayCarry(channel: string): boolean {
  return (
    (channel.startsWith('private-') && !channel.startsWith('private-encrypted-')) ||
    channel.startsWith('presence-')
  );
}
