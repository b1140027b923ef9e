import { useEffect, useState } from 'preact/hooks';
import type { ChannelView } from '../../../views/channels.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Empty, ErrorNotice, Loading } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { SearchBox } from '../components/search-box.tsx';
import { Table, type Column } from '../components/table.tsx';
import { Tag } from '../components/tag.tsx';
import { count } from '../format.ts';
import { asRequestError, type RequestError } from '../http.ts';
import { channelLink, consoleLink } from '../links.ts';
import { useNews } from '../live-reload.ts';
import { useResource } from '../resource.ts';
import { route, setQuery } from '../router.ts';

const pageSize = 100;

const changes = ['subscribed', 'unsubscribed', 'disconnection', 'occupied', 'vacated'] as const;

/** The occupied channels of an app. */
export function ChannelList({ app }: { readonly app: string }) {
  const prefix = route.value.query['prefix'] ?? '';
  const first = useResource(`channels ${app} ${prefix}`, (signal) =>
    api.channels(app, { prefix, limit: pageSize }, signal),
  );
  useNews({ app, types: changes }, first);
  const more = useMore(app, prefix);
  const next = more.next ?? (more.items.length === 0 ? first.value?.next : undefined);
  const channels = first.value === undefined ? undefined : joined(first.value.items, more.items);
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
      <ErrorNotice error={first.error} title="The channels could not be loaded" onRetry={first.reload} />
      {channels === undefined && first.error === undefined && <Loading what="the channels" />}
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
          {next !== undefined && (
            <p class="table-more">
              {count(channels.length)} shown, sorted by name.{' '}
              <Button isBusy={more.isLoading} onClick={() => more.read(next)}>
                Show more
              </Button>
            </p>
          )}
          <ErrorNotice error={more.error} />
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

/** Only the first page is reloaded, so its entries replace those of later pages. */
function joined(first: readonly ChannelView[], more: readonly ChannelView[]): readonly ChannelView[] {
  const names = new Set(first.map(({ name }) => name));
  return [...first, ...more.filter(({ name }) => !names.has(name))];
}

interface More {
  readonly items: readonly ChannelView[];
  readonly next?: string | undefined;
  readonly isLoading: boolean;
  readonly error?: RequestError | undefined;
}

function useMore(app: string, prefix: string): More & { readonly read: (after: string) => void } {
  const [more, setMore] = useState<More>({ items: [], isLoading: false });
  useEffect(() => setMore({ items: [], isLoading: false }), [app, prefix]);
  const read = async (after: string) => {
    setMore((before) => ({ ...before, isLoading: true }));
    try {
      const page = await api.channels(app, { prefix, after, limit: pageSize });
      setMore(({ items }) => ({ items: [...items, ...page.items], next: page.next, isLoading: false }));
    } catch (error) {
      setMore((before) => ({ ...before, isLoading: false, error: asRequestError(error) }));
    }
  };
  return { ...more, read: (after) => void read(after) };
}
