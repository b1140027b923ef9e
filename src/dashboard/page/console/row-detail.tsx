import { useEffect, useRef } from 'preact/hooks';
import { isInternal } from '../../../protocol/channel-name.ts';
import type { ConsoleRow } from '../../../views/server.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { JsonView } from '../components/code.tsx';
import { KeyValue } from '../components/key-value.tsx';
import { exactTime } from '../format.ts';
import { channelLink, consoleLink, deliveryLink, searchWord, truthLink, whyLink } from '../links.ts';
import { self } from '../session.ts';
import { typeGroups } from './types.ts';

interface RowDetailProps {
  readonly row: ConsoleRow;
  readonly replay: (row: ConsoleRow) => void;
}

/** All facts of a row, with links to related pages. */
export function RowDetail({ row, replay }: RowDetailProps) {
  const { appId, channel, socketId, userId } = row;
  const search = (key: string, value: string) => consoleLink(appId, { q: searchWord(key, value) });
  const detail = useRef<HTMLDivElement>(null);
  useEffect(() => detail.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <div class="row-detail" ref={detail}>
      <KeyValue
        items={{
          Time: <span class="mono">{exactTime(row.atMs)}</span>,
          App: appId === '' ? undefined : appId,
          Channel: channel === undefined ? undefined : <Channel app={appId} name={channel} />,
          Name: row.name,
          Connection:
            socketId === undefined ? undefined : <a href={search('socket', socketId)}>{socketId}</a>,
          User: userId === undefined ? undefined : <a href={search('user', userId)}>{userId}</a>,
          ...row.details,
        }}
      />
      <Payload row={row} />
      <div class="actions">
        {row.type === 'published' && row.data !== undefined && row.isClipped !== true && (
          <Button icon="send" changes onClick={() => replay(row)}>
            Replay
          </Button>
        )}
        <Links row={row} />
      </div>
    </div>
  );
}

/** A channel. Internal ones, such as those of users, have no page. */
function Channel({ app, name }: { readonly app: string; readonly name: string }) {
  return isInternal(name) ? <>{name}</> : <a href={channelLink(app, name)}>{name}</a>;
}

function Payload({ row: { data, type, isClipped } }: { readonly row: ConsoleRow }) {
  if (data !== undefined)
    return (
      <>
        <JsonView label="Payload" text={data} />
        {isClipped === true && (
          <p class="muted">Only the beginning of the payload is shown, so it cannot be replayed.</p>
        )}
      </>
    );
  const hasPayload = type === 'published' || type === 'client event';
  if (!hasPayload || self.value?.showsPayloads !== false) return null;
  return <p class="muted">Payloads are not shown, because dashboard.payloads is off.</p>;
}

function Links({ row }: { readonly row: ConsoleRow }) {
  const { appId, type, details = {} } = row;
  const { id, endpoint } = details;
  const isWebhook = type === 'webhook sent' || type === 'webhook failed';
  const about = isOfWebhooks(type) ? eventSearch(row) : undefined;
  return (
    <>
      {isWebhook && typeof id === 'string' && (
        <ButtonLink icon="deliveries" href={deliveryLink(appId, id)}>
          Delivery
        </ButtonLink>
      )}
      {isWebhook && typeof endpoint === 'string' && (
        <ButtonLink icon="truth" href={truthLink(appId, endpoint)}>
          Truth of {endpoint}
        </ButtonLink>
      )}
      {about !== undefined && (
        <ButtonLink icon="help" href={whyLink(appId, about)}>
          Why
        </ButtonLink>
      )}
    </>
  );
}

function isOfWebhooks(type: ConsoleRow['type']): boolean {
  return typeGroups.some(({ title, types }) => title === 'Events for webhooks' && types.includes(type));
}

/** A search for similar events. */
function eventSearch({ channel, name, userId }: ConsoleRow): string {
  const fields = { channel, event: name, user: userId };
  return Object.entries(fields)
    .flatMap(([key, value]) => (value === undefined ? [] : [searchWord(key, value)]))
    .join(' ');
}
