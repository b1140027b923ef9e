import type { EventView } from '../../views/deliveries.ts';
import { api } from './api.ts';
import { Button } from './components/button.tsx';
import { DeliveryLink } from './components/delivery-link.tsx';
import { Empty, ErrorNotice, Loading } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { SearchBox } from './components/search-box.tsx';
import { Table, type Column } from './components/table.tsx';
import { State, type Tone } from './components/tag.tsx';
import { At } from './components/time.tsx';
import { count, duration, plural, sentence } from './format.ts';
import { channelLink, truthLink } from './links.ts';
import { groupBy } from './group-by.ts';
import { useNews } from './live-reload.ts';
import { useResource } from './resource.ts';
import { hrefWith, route, setQuery } from './router.ts';
import { onThisNode } from './session.ts';
import type { PageProps } from './shell/pages.tsx';
import { now } from './time.ts';

const pageSize = 100;

const changes = [
  'occupied',
  'vacated',
  'member added',
  'member removed',
  'client event',
  'cache miss',
  'subscription count',
  'webhook sent',
  'webhook failed',
] as const;

/** The webhook events of an app, sent or not, each with the reason. */
export function EventsPage({ app }: PageProps) {
  const { q, before } = route.value.query;
  const page = useResource(`events ${app} ${q ?? ''} ${before ?? ''}`, (signal) =>
    api.events(app, { q, before, limit: pageSize }, signal),
  );
  const { value, error, isLoading, reload } = page;
  // Older pages get no new events, but what is pending on them is delivered or dropped.
  useNews({ app, types: changes }, page);
  return (
    <Page
      title="Events and why"
      lead={
        value === undefined
          ? 'Why each event was sent, held, suppressed or dropped.'
          : `Why each event was sent, held, suppressed or dropped. The last ${duration(Math.max(1000, now.value - value.keptSinceMs))} are kept${onThisNode.value}.`
      }
    >
      <div class="toolbar">
        <SearchBox
          label="Search events"
          value={q ?? ''}
          onSearch={(text) => setQuery({ q: text, before: undefined })}
          placeholder="channel:presence-room status:suppressed"
          keys="events"
          error={error?.status === 400 ? error : undefined}
        />
      </div>
      {error !== undefined && error.status !== 400 && (
        <ErrorNotice error={error} title="The events could not be loaded" onRetry={reload} />
      )}
      {value === undefined && error === undefined && <Loading what="the events" />}
      {value !== undefined && value.skipped > 0 && (
        <p class="muted">
          {plural(value.skipped, 'event')} {value.skipped === 1 ? 'was' : 'were'} not recorded, because too
          much happened at once.
        </p>
      )}
      {value?.items.length === 0 && (
        <Empty title="No event matches">
          Every webhook event appears here, including those that were not sent.
        </Empty>
      )}
      {value !== undefined && value.items.length > 0 && (
        <Table
          label="Events, newest first"
          columns={columnsFor(app)}
          rows={value.items}
          keyOf={({ id }) => id}
        />
      )}
      {(value?.next ?? before) !== undefined && (
        <p class="console-older">
          {value?.next !== undefined && (
            <a class="button" href={hrefWith({ before: value.next })}>
              Older events
            </a>
          )}
          {before !== undefined && (
            <Button kind="quiet" isBusy={isLoading} onClick={() => setQuery({ before: undefined })}>
              Newest events
            </Button>
          )}
        </p>
      )}
    </Page>
  );
}

const toneOfStatus = {
  pending: 'busy',
  delivered: 'good',
  dropped: 'bad',
  filtered: 'calm',
  suppressed: 'calm',
  deduplicated: 'calm',
  moved: 'calm',
} as const satisfies Record<EventView['status'], Tone>;

function columnsFor(app: string): readonly Column<EventView>[] {
  return [
    { title: 'Time', cell: ({ atMs }) => <At atMs={atMs} /> },
    {
      title: 'Status',
      cell: ({ status }) => <State tone={toneOfStatus[status]}>{status}</State>,
    },
    { title: 'Event', kind: 'name', cell: (event) => <What app={app} event={event} /> },
    { title: 'Why', kind: 'grow', cell: (event) => <Why app={app} event={event} /> },
  ];
}

interface EventProps {
  readonly app: string;
  readonly event: EventView;
}

function What({ app, event }: EventProps) {
  const { name, channel, user_id: userId, event: clientEvent, subscription_count: subscribers } = event;
  return (
    <>
      <strong class="nowrap">{name}</strong>
      {clientEvent !== undefined && <span class="muted"> {clientEvent}</span>}
      {subscribers !== undefined && <span class="muted"> {count(subscribers)}</span>}
      <div class="cell-name">
        <a class="mono small" href={channelLink(app, channel)}>
          {channel}
        </a>
        {userId !== undefined && <span class="muted small"> user {userId}</span>}
      </div>
    </>
  );
}

function Why({ app, event: { why, endpoints } }: EventProps) {
  // If endpoints are listed below, the part of the sentence about endpoints would repeat them.
  const text = endpoints.length === 0 ? why : (why.split('; ', 1)[0] ?? why);
  const groups = groupBy(endpoints, ({ status, reason, attempts, deliveries }) =>
    [status, reason, attempts, ...deliveries].join(' '),
  );
  return (
    <>
      {sentence(text)}
      <ul class="fates">
        {[...groups].map(([key, fates]) => (
          <li key={key}>
            <Fates app={app} fates={fates} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** Endpoints with the same outcome for an event. */
function Fates({ app, fates }: { readonly app: string; readonly fates: EventView['endpoints'] }) {
  const [first] = fates;
  if (first === undefined) return null;
  const { status, reason, attempts, deliveries } = first;
  return (
    <>
      <State tone={toneOfStatus[status]}>{status}</State>
      {fates.map(({ endpoint }) => (
        <a key={endpoint} href={truthLink(app, endpoint)}>
          {endpoint}
        </a>
      ))}
      <span class="muted">
        {reason !== undefined && `(${reason}) `}
        {attempts > 0 && plural(attempts, 'attempt')}
      </span>
      {deliveries.map((id) => (
        <DeliveryLink key={id} app={app} id={id} />
      ))}
    </>
  );
}
