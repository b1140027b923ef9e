import { useEffect, useState } from 'preact/hooks';
import { mostOnPage, type DeliveryView } from '../../../views/deliveries.ts';
import { Button } from '../components/button.tsx';
import { Chips } from '../components/chips.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { SearchBox } from '../components/search-box.tsx';
import { Table } from '../components/table.tsx';
import { State, Tag } from '../components/tag.tsx';
import { At, Countdown } from '../components/time.tsx';
import { count, duration, plural, relative } from '../format.ts';
import { useKeyboardRow } from '../keyboard-row.ts';
import { hrefWith, route, setQuery } from '../router.ts';
import { appWithId, onThisNode } from '../session.ts';
import type { PageProps } from '../shell/pages.tsx';
import { now } from '../time.ts';
import { DeliveryPanel } from './delivery-panel.tsx';
import { useDeliveries, type DeliveryList } from './delivery-list.ts';
import { toggledWord } from './search-words.ts';
import { deliveryState, resultWords } from './words.ts';

/** The deliveries of an app: newest first, live, searchable. */
export function DeliveriesPage({ app }: PageProps) {
  const { q = '', id } = route.value.query;
  const isAway = useScrolledAway();
  const { isOnRow, handlers } = useKeyboardRow();
  const list = useDeliveries(app, q, id !== undefined || isAway || isOnRow);
  return (
    <Page
      title="Deliveries"
      lead="Each row is one webhook to one endpoint, with all its attempts."
      actions={
        <Button icon="refresh" onClick={list.reload}>
          Refresh
        </Button>
      }
    >
      <div class="toolbar">
        <SearchBox
          label="Search deliveries"
          placeholder="channel:presence-* status:5xx since:10m"
          value={q}
          keys="deliveries"
          onSearch={(text) => setQuery({ q: text, id: undefined })}
          error={list.error?.status === 400 ? list.error : undefined}
        />
        <Filters app={app} q={q} />
      </div>
      {list.error !== undefined && list.error.status !== 400 && (
        <ErrorNotice error={list.error} onRetry={list.reload} />
      )}
      <div class={id === undefined ? 'split' : 'split with-panel'}>
        <div class="split-list" {...handlers}>
          <NewOnes list={list} />
          <Rows list={list} q={q} />
        </div>
        {id !== undefined && (
          <DeliveryPanel key={id} app={app} id={id} onClose={() => setQuery({ id: undefined })} />
        )}
      </div>
    </Page>
  );
}

function Filters({ app, q }: { readonly app: string; readonly q: string }) {
  const endpoints = appWithId(app)?.endpoints ?? [];
  const words = [
    'status:delivered',
    'status:pending',
    'status:dropped',
    'status:5xx',
    'attempts:>1',
    ...(endpoints.length > 1 ? endpoints.map(({ id }) => `endpoint:${id}`) : []),
  ];
  return (
    <Chips
      label="Filters"
      chips={words.map((word) => ({
        text: word
          .replace(/^status:/, '')
          .replace('attempts:>1', 'retried')
          .replace(/^endpoint:/, 'to '),
        isOn: q.split(/\s+/).includes(word),
        onToggle: () => setQuery({ q: toggledWord(q, word), id: undefined }),
      }))}
    />
  );
}

function NewOnes({ list }: { readonly list: DeliveryList }) {
  return (
    <div class="new-rows" aria-live="polite">
      {list.fresh > 0 && (
        <Button kind="primary" onClick={list.showFresh}>
          {count(list.fresh)}
          {list.hasMoreFresh && '+'} new
        </Button>
      )}
    </div>
  );
}

function Rows({ list, q }: { readonly list: DeliveryList; readonly q: string }) {
  if (list.items === undefined) return list.error === undefined ? <Loading what="deliveries" /> : null;
  if (list.items.length === 0)
    return q === '' ? (
      <Empty title="No delivery yet">Webhooks to endpoints are listed here.</Empty>
    ) : (
      <Empty
        title="Nothing found"
        action={<Button onClick={() => setQuery({ q: undefined })}>Clear the search</Button>}
      >
        No kept delivery matches <code>{q}</code>.
      </Empty>
    );
  return (
    <>
      <Table
        label="Deliveries, newest first"
        rows={list.items}
        keyOf={({ id }) => id}
        linkOf={({ id }) => hrefWith({ id })}
        selected={route.value.query['id']}
        columns={columns}
      />
      <p class="list-foot">
        {list.hasMore && (
          <Button onClick={list.more} isBusy={list.isLoading}>
            Show older
          </Button>
        )}
        <span class="muted small">
          {list.isFull &&
            `Only the newest ${count(mostOnPage)} are listed. To find older ones, search with until:. `}
          {list.keptSinceMs !== undefined &&
            `The last ${duration(Math.max(0, now.value - list.keptSinceMs))} are kept in memory.`}
          {onThisNode.value !== '' && ' Deliveries of other nodes are shown there, also if they began here.'}
          {list.skipped > 0 &&
            ` ${plural(list.skipped, 'delivery', 'deliveries')} ${list.skipped === 1 ? 'was' : 'were'} not recorded, because too much happened at once.`}
        </span>
      </p>
    </>
  );
}

const columns = [
  { title: 'Status', cell: (row: DeliveryView) => <DeliveryStatus row={row} /> },
  { title: 'Events', kind: 'grow', cell: (row: DeliveryView) => <Events row={row} /> },
  { title: 'Endpoint', kind: 'minor', cell: ({ endpoint }: DeliveryView) => endpoint },
  { title: 'Response', cell: (row: DeliveryView) => <Answer row={row} /> },
  { title: 'Attempts', kind: 'end', cell: ({ attempts }: DeliveryView) => count(attempts) },
  { title: 'Time', kind: 'minor', cell: ({ atMs }: DeliveryView) => <At atMs={atMs} /> },
] as const;

function DeliveryStatus({ row }: { readonly row: DeliveryView }) {
  const { word, tone } = deliveryState(row);
  return (
    <>
      <State tone={tone}>{word}</State>
      <span class="visually-hidden">, {relative(row.atMs, now.peek())}</span>
    </>
  );
}

const shownEvents = 3;

function Events({ row }: { readonly row: DeliveryView }) {
  const { events, eventCount, isResent } = row;
  return (
    <span class="events">
      {events.slice(0, shownEvents).map(({ name, channel, user_id: user }) => (
        <span key={`${name} ${channel} ${user ?? ''}`} class="event">
          <code>{name}</code> <span class="muted">{channel}</span>
          {user !== undefined && <span class="muted"> {user}</span>}
        </span>
      ))}
      {eventCount > shownEvents && <span class="muted">and {count(eventCount - shownEvents)} more</span>}
      {isResent && <Tag>resent</Tag>}
    </span>
  );
}

function Answer({ row }: { readonly row: DeliveryView }) {
  const { lastAttempt, nextAttemptAtMs, elapsedMs, status } = row;
  if (lastAttempt === undefined || lastAttempt.result === 'pending')
    return <span class="muted">none yet</span>;
  return (
    <span class="nowrap">
      <span class={lastAttempt.result === 'success' ? 'good-text' : 'bad-text'}>
        {lastAttempt.status ?? resultWords[lastAttempt.result]}
      </span>{' '}
      <span class="muted small">
        {status === 'pending' && nextAttemptAtMs !== undefined ? (
          <>
            retry <Countdown atMs={nextAttemptAtMs} />
          </>
        ) : (
          elapsedMs !== undefined && duration(elapsedMs)
        )}
      </span>
    </span>
  );
}

const awayPx = 120;

/** Whether the list is scrolled. Its rows must not move then. */
function useScrolledAway(): boolean {
  const [isAway, setAway] = useState(scrollY > awayPx);
  useEffect(() => {
    const look = () => setAway(scrollY > awayPx);
    addEventListener('scroll', look, { passive: true });
    return () => {
      removeEventListener('scroll', look);
    };
  }, []);
  return isAway;
}
