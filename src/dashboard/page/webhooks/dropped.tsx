import { api } from '../api.ts';
import { ButtonLink, Button } from '../components/button.tsx';
import { Chips } from '../components/chips.tsx';
import { Choice } from '../components/field.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { SearchBox } from '../components/search-box.tsx';
import { Table } from '../components/table.tsx';
import { Tag } from '../components/tag.tsx';
import { Ago, At } from '../components/time.tsx';
import {
  mostLettersOnPage,
  type DroppedDelivery,
  type DroppedPage as DroppedList,
} from '../../../views/dead-letters.ts';
import { count, duration, listed, plural } from '../format.ts';
import { useLast, useReloadOn, useResource, type Resource } from '../resource.ts';
import { hrefWith, route, setQuery } from '../router.ts';
import { appWithId } from '../session.ts';
import type { PageProps } from '../shell/pages.tsx';
import { generation } from '../stream.ts';
import { now } from '../time.ts';
import { DroppedPanel } from './dropped-panel.tsx';
import { RecoverPanel } from './recover.tsx';

const reasons = ['expired', 'overflow', 'shutdown', 'disabled'] as const;
const pageSize = 100;

/** The dead letters of an app, and how to send them again. */
export function DroppedPage({ app }: PageProps) {
  const { endpoint, reason, channel, id, recover, limit = String(pageSize) } = route.value.query;
  const key = JSON.stringify([app, endpoint, reason, channel]);
  const read = useResource(`${key} ${limit}`, (signal) =>
    api.dropped(app, { endpoint, reason, channel, limit: Number(limit) }, signal),
  );
  const list = { ...read, value: useLast(read.value, key) };
  useReloadOn(generation.value, read.reload);
  const selected = list.value?.deliveries.find((one) => one.id === id);
  return (
    <Page
      title="Dropped"
      lead="Deliveries that were dropped. Recover sends the old events again. Reconcile sends the current state."
      actions={
        <>
          <Button icon="refresh" onClick={list.reload}>
            Refresh
          </Button>
          <ButtonLink
            kind="primary"
            icon="send"
            href={hrefWith({ recover: endpoint ?? 'choose', id: undefined })}
          >
            Recover
          </ButtonLink>
        </>
      }
    >
      <div class="toolbar">
        <SearchBox
          label="Only this channel"
          placeholder="presence-room-general"
          value={channel ?? ''}
          onSearch={(text) => setQuery({ channel: text, id: undefined })}
          error={list.error?.status === 400 ? list.error : undefined}
        />
        <Filters app={app} />
      </div>
      {recover !== undefined && (
        <RecoverPanel
          app={app}
          chosen={recover}
          onClose={() => setQuery({ recover: undefined, recovery: undefined })}
          onSent={list.reload}
        />
      )}
      {list.error !== undefined && list.error.status !== 400 && (
        <ErrorNotice error={list.error} onRetry={list.reload} />
      )}
      <div class={selected === undefined ? 'split' : 'split with-panel'}>
        <div class="split-list">
          <Rows list={list} />
        </div>
        {selected !== undefined && (
          <DroppedPanel
            key={selected.id}
            app={app}
            letter={selected}
            onClose={() => setQuery({ id: undefined })}
            onResent={list.reload}
          />
        )}
      </div>
    </Page>
  );
}

function Filters({ app }: { readonly app: string }) {
  const { endpoint, reason } = route.value.query;
  const ids = (appWithId(app)?.endpoints ?? []).map(({ id }) => id);
  const isDeleted = endpoint !== undefined && !ids.includes(endpoint);
  return (
    <>
      <Chips
        label="Reason"
        chips={reasons.map((one) => ({
          text: one,
          isOn: one === reason,
          onToggle: () => setQuery({ reason: one === reason ? undefined : one, id: undefined }),
        }))}
      />
      {(ids.length > 1 || endpoint !== undefined) && (
        <Choice
          label="Endpoint"
          isLabelHidden
          value={endpoint ?? ''}
          options={[
            { value: '', text: 'All endpoints' },
            ...ids.map((id) => ({ value: id, text: id })),
            ...(isDeleted ? [{ value: endpoint, text: `${endpoint} (unknown)` }] : []),
          ]}
          onChange={(value) => setQuery({ endpoint: value, id: undefined })}
        />
      )}
    </>
  );
}

function Rows({ list }: { readonly list: Resource<DroppedList> }) {
  const page = list.value;
  if (page === undefined) return list.error === undefined ? <Loading what="the dropped deliveries" /> : null;
  if (page.deliveries.length === 0)
    return (
      <Empty title="Nothing was dropped">
        {(route.value.query['reason'] ?? route.value.query['channel'] ?? route.value.query['endpoint'])
          ? 'No kept delivery matches these filters.'
          : `Every delivery was accepted or is still being tried. Drops have been recorded for ${duration(Math.max(0, now.value - page.kept_since))}.`}
      </Empty>
    );
  return (
    <>
      <Table
        label="Dropped deliveries, newest first"
        rows={page.deliveries}
        keyOf={({ id }) => id}
        linkOf={({ id }) => hrefWith({ id, recover: undefined })}
        selected={route.value.query['id']}
        columns={columns}
      />
      <p class="list-foot">
        {page.next !== undefined && page.deliveries.length < mostLettersOnPage && (
          <Button onClick={() => setQuery({ limit: longerLimit(page) })}>Show older</Button>
        )}
        <span class="muted small">
          {plural(page.deliveries.length, 'delivery', 'deliveries')} shown, kept since{' '}
          <At atMs={page.kept_since} />.
          {page.next !== undefined &&
            page.deliveries.length >= mostLettersOnPage &&
            ' Older ones are not listed. Filter to find them.'}
          {page.forgotten.deliveries > 0 &&
            ` ${plural(page.forgotten.deliveries, 'older delivery', 'older deliveries')} with ${plural(page.forgotten.events, 'event')} ${page.forgotten.deliveries === 1 ? 'was' : 'were'} deleted to make room.`}
        </span>
      </p>
    </>
  );
}

function longerLimit({ deliveries }: DroppedList): string {
  return String(Math.min(deliveries.length + pageSize, mostLettersOnPage));
}

const columns = [
  { title: 'Dropped', cell: ({ dropped_at: at }: DroppedDelivery) => <Ago atMs={at} /> },
  { title: 'Reason', cell: ({ reason }: DroppedDelivery) => <Tag tone="bad">{reason}</Tag> },
  { title: 'Events', kind: 'grow', cell: (row: DroppedDelivery) => <Events row={row} /> },
  { title: 'Endpoint', kind: 'minor', cell: ({ endpoint }: DroppedDelivery) => endpoint },
  { title: 'Attempts', kind: 'end', cell: ({ attempts_made: made }: DroppedDelivery) => count(made) },
  { title: 'Resent', kind: 'minor', cell: (row: DroppedDelivery) => <Resent row={row} /> },
] as const;

function Events({ row: { events } }: { readonly row: DroppedDelivery }) {
  const channels = [...new Set(events.map(({ channel }) => channel))];
  const names = [...new Set(events.map(({ name }) => name))];
  return (
    <>
      <code>{listed(names)}</code>{' '}
      <span class="muted">
        {channels[0]}
        {channels.length > 1 && ` and ${plural(channels.length - 1, 'other channel')}`}
        {events.length > 1 && ` (${count(events.length)} events)`}
      </span>
    </>
  );
}

function Resent({ row: { resends, resent_at: at } }: { readonly row: DroppedDelivery }) {
  if (resends === 0) return <span class="muted">no</span>;
  if (at === undefined) return <Tag tone="warn">{`${plural(resends, 'time')}, not accepted`}</Tag>;
  return (
    <span class="nowrap">
      <Tag tone="good">accepted</Tag> <Ago atMs={at} />
    </span>
  );
}
