import type { ChannelDetail, ConnectionView } from '../../../views/channels.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { confirmed } from '../components/confirm.tsx';
import { Empty } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { Table } from '../components/table.tsx';
import { toast } from '../components/toast.tsx';
import { count, plural } from '../format.ts';
import { asRequestError } from '../http.ts';
import { consoleLink, searchWord } from '../links.ts';

interface PeopleProps {
  readonly app: string;
  readonly detail: ChannelDetail;
  readonly onDone: () => void;
}

/** The members of a presence channel. */
export function Members({ app, detail, onDone }: PeopleProps) {
  const { userIds, kind } = detail;
  if (kind !== 'presence') return null;
  if (userIds === undefined)
    return (
      <Section title="Members">
        <p>Not known at the moment.</p>
      </Section>
    );
  return (
    <Section title="Members" lead={plural(userIds.length, 'member')}>
      {userIds.length > 0 && (
        <Table
          label="Members"
          rows={userIds.map((id) => ({ id }))}
          keyOf={({ id }) => id}
          columns={[
            {
              title: 'User',
              kind: 'grow',
              cell: ({ id }) => <a href={consoleLink(app, { q: searchWord('user', id) })}>{id}</a>,
            },
            {
              title: 'Action',
              kind: 'end',
              cell: ({ id }) => (
                <Button kind="quiet" changes onClick={() => void terminate(app, id, onDone)}>
                  Terminate
                </Button>
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

/** The connections of this node that are subscribed to the channel. */
export function Connections({ app, detail, onDone }: PeopleProps) {
  const { connections, name: channel } = detail;
  return (
    <Section title="Connections" lead="Subscribers that are connected to this node.">
      {connections.length === 0 ? (
        <Empty title="No subscriber is connected to this node" />
      ) : (
        <Table
          label="Connections"
          rows={connections}
          keyOf={({ socketId }) => socketId}
          columns={[
            {
              title: 'Connection',
              kind: 'grow',
              cell: ({ socketId }) => (
                <a class="mono" href={consoleLink(app, { q: searchWord('socket', socketId) })}>
                  {socketId}
                </a>
              ),
            },
            {
              title: 'User',
              kind: 'minor',
              cell: (connection) => <span class="nowrap">{userOn(connection, channel)}</span>,
            },
            {
              title: 'Other channels',
              kind: 'end',
              cell: ({ channels }) => count(channels.filter(({ name }) => name !== channel).length),
            },
            {
              title: 'Action',
              kind: 'end',
              cell: ({ socketId }) => (
                <Button kind="quiet" changes onClick={() => void close(app, socketId, onDone)}>
                  Close
                </Button>
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function userOn({ userId, channels }: ConnectionView, channel: string): string | undefined {
  return channels.find(({ name }) => name === channel)?.userId ?? userId;
}

async function terminate(app: string, user: string, onDone: () => void): Promise<void> {
  const isSure = await confirmed({
    title: `Terminate user ${user}?`,
    consequences: [
      'All connections of this user are closed on every node. Their clients do not reconnect automatically.',
      'The user leaves all channels, and webhooks report that.',
    ],
    action: 'Terminate user',
    isDangerous: true,
  });
  if (isSure) await done(() => api.terminateUser(app, user), `Terminated user ${user}`, onDone);
}

async function close(app: string, socketId: string, onDone: () => void): Promise<void> {
  const isSure = await confirmed({
    title: `Close connection ${socketId}?`,
    consequences: [
      'The client does not reconnect automatically.',
      'It leaves its channels, and webhooks report that after the grace period.',
    ],
    action: 'Close connection',
    isDangerous: true,
  });
  if (isSure) await done(() => api.closeConnection(app, socketId), `Closed ${socketId}`, onDone);
}

async function done(work: () => Promise<unknown>, text: string, onDone: () => void): Promise<void> {
  try {
    await work();
    toast(text);
    onDone();
  } catch (error) {
    toast(asRequestError(error).message, 'bad');
  }
}
