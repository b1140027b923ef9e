import { useEffect, useState } from 'preact/hooks';
import type { ChannelPage, ChannelView } from '../../../views/channels.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { SearchBox } from '../components/search-box.tsx';
import { Table, type Column } from '../components/table.tsx';
import { Tag } from '../components/tag.tsx';
import { count } from '../format.ts';
import { channelLink, consoleLink } from '../links.ts';
import { useNews } from '../live-reload.ts';
import { useLast, useResource } from '../resource.ts';
import { route, setQuery } from '../router.ts';

const pageSize = 100;
/** The most channels in one response. */
const largestPage = 1000;

const changes = ['subscribed', 'unsubscribed', 'disconnection', 'occupied', 'vacated'] as const;

/** The occupied channels of an app. */
export function ChannelList({ app }: { readonly app: string }) {
  const prefix = route.value.query['prefix'] ?? '';
  const list = `${app} ${prefix}`;
  const [limit, setLimit] = useState(pageSize);
  useEffect(() => setLimit(pageSize), [list]);
  const resource = useResource(`channels ${list} ${limit}`, (signal) =>
    readChannels(app, { prefix, limit }, signal),
  );
  useNews({ app, types: changes }, resource);
  const page = useLast(resource.value, list);
  const channels = page?.items;
  return (
    <Page title="Channels" lead="Channels with at least one subscriber.">
      <div class="toolbar">
        <SearchBox
          label="Channels that begin with"
          value={prefix}
          onSearch={(text) => setQuery({ prefix: text })}
          placeholder="presence-"
        />
      </div>
      <ErrorNotice
        error={resource.error}
        title="The channels could not be loaded"
        onRetry={resource.reload}
      />
      {channels === undefined && resource.error === undefined && <Loading what="the channels" />}
      {channels?.length === 0 && <NoChannels app={app} prefix={prefix} />}
      {channels !== undefined && channels.length > 0 && (
        <>
          <Table
            label="Occupied channels"
            columns={columns}
            rows={channels}
            keyOf={({ name }) => name}
            linkOf={({ name }) => channelLink(app, name)}
          />
          {page?.next !== undefined && (
            <p class="table-more">
              {count(channels.length)} shown, sorted by name.{' '}
              <Button isBusy={channels.length < limit} onClick={() => setLimit(limit + pageSize)}>
                Show more
              </Button>
            </p>
          )}
        </>
      )}
    </Page>
  );
}

const columns: readonly Column<ChannelView>[] = [
  { title: 'Channel', kind: 'grow', cell: ({ name }) => <span class="mono">{name}</span> },
  { title: 'Kind', kind: 'minor', cell: (channel) => <Kinds channel={channel} /> },
  { title: 'Subscribers', kind: 'end', cell: ({ subscriptionCount }) => known(subscriptionCount) },
  {
    title: 'Members',
    kind: 'end',
    cell: ({ kind, userCount }) => (kind === 'presence' ? known(userCount) : ''),
  },
];

/** The kind of a channel as tags. */
export function Kinds({ channel: { kind, isCache } }: { readonly channel: ChannelView }) {
  return (
    <span class="nowrap">
      <Tag tone={kind === 'public' ? 'calm' : 'accent'}>{kind}</Tag> {isCache && <Tag tone="busy">cache</Tag>}
    </span>
  );
}

function NoChannels({ app, prefix }: { readonly app: string; readonly prefix: string }) {
  if (prefix !== '')
    return (
      <Empty title={`No occupied channel begins with ${prefix}`}>
        A channel is listed while it has a subscriber.
      </Empty>
    );
  return (
    <Empty title="No channel is occupied" action={<a href={consoleLink(app)}>Watch the console</a>}>
      A channel appears here as soon as a client subscribes to it.
    </Empty>
  );
}

function known(value: number | undefined): string {
  return value === undefined ? 'unknown' : count(value);
}

/** Reads the first channels. All pages are read each time, because channels move from one to another. */
async function readChannels(
  app: string,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
  signal: AbortSignal,
): Promise<ChannelPage> {
  const items: ChannelView[] = [];
  let after = '';
  do {
    const window = { prefix, after, limit: Math.min(limit - items.length, largestPage) };
    const page = await api.channels(app, window, signal);
    items.push(...page.items);
    after = page.next ?? '';
  } while (after !== '' && items.length < limit);
  return { items, ...(after !== '' && { next: after }) };
}
