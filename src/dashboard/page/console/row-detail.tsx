import type { ConsoleRow } from '../../../admin/views/server.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { JsonView } from '../components/code.tsx';
import { KeyValue } from '../components/key-value.tsx';
import { exactTime } from '../format.ts';
import { channelLink, consoleLink, deliveryLink, searchWord, whyLink } from '../links.ts';
import { self } from '../session.ts';

interface RowDetailProps {
  readonly row: ConsoleRow;
  readonly replay: (row: ConsoleRow) => void;
}

/** All that is known of a row, and where it leads. */
export function RowDetail({ row, replay }: RowDetailProps) {
  const { appId, channel, socketId, userId } = row;
  const search = (key: string, value: string) => consoleLink(appId, { q: searchWord(key, value) });
  return (
    <div class="row-detail">
      <KeyValue
        items={{
          Time: <span class="mono">{exactTime(row.atMs)}</span>,
          App: appId === '' ? undefined : appId,
          Channel: channel === undefined ? undefined : <a href={channelLink(appId, channel)}>{channel}</a>,
          Name: row.name,
          Connection:
            socketId === undefined ? undefined : <a href={search('socket', socketId)}>{socketId}</a>,
          User: userId === undefined ? undefined : <a href={search('user', userId)}>{userId}</a>,
          ...row.details,
        }}
      />
      <Payload row={row} />
      <div class="actions">
        {row.type === 'published' && (
          <Button icon="send" changes onClick={() => replay(row)}>
            Replay
          </Button>
        )}
        <Links row={row} />
      </div>
    </div>
  );
}

function Payload({ row: { data, type } }: { readonly row: ConsoleRow }) {
  if (data !== undefined) return <JsonView label="Payload" text={data} />;
  const hasPayload = type === 'published' || type === 'client event';
  if (!hasPayload || self.value?.showsPayloads !== false) return null;
  return <p class="muted">Payloads are not shown on this server (dashboard.payloads).</p>;
}

/** Details of a row name what it is about by these keys. */
function Links({ row: { appId, details = {} } }: { readonly row: ConsoleRow }) {
  const delivery = details['delivery'] ?? details['deliveryId'];
  const event = details['event'] ?? details['eventId'];
  return (
    <>
      {typeof delivery === 'string' && (
        <ButtonLink icon="deliveries" href={deliveryLink(appId, delivery)}>
          Delivery
        </ButtonLink>
      )}
      {typeof event === 'number' && (
        <ButtonLink icon="help" href={whyLink(appId, `id:${event}`)}>
          Why
        </ButtonLink>
      )}
    </>
  );
}
