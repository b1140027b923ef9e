import { useMemo } from 'preact/hooks';
import type { ChannelDetail } from '../../../views/channels.ts';
import { consoleTypes } from '../../../views/server.ts';
import { api } from '../api.ts';
import { ButtonLink } from '../components/button.tsx';
import { JsonView } from '../components/code.tsx';
import { ErrorNotice, Loading } from '../components/notice.tsx';
import { Page, Section } from '../components/page.tsx';
import { State } from '../components/tag.tsx';
import { Countdown } from '../components/time.tsx';
import { plural } from '../format.ts';
import { consoleLink, deliveryLink, searchWord, whyLink } from '../links.ts';
import { useNews } from '../live-reload.ts';
import { useResource } from '../resource.ts';
import { now } from '../time.ts';
import { Kinds } from './channel-list.tsx';
import { Connections, Members } from './people.tsx';
import { Timeline } from './timeline.tsx';

interface ChannelProps {
  readonly app: string;
  readonly channel: string;
}

/** One channel: its subscribers, its cached event, and its history. */
export function ChannelPage({ app, channel }: ChannelProps) {
  const detail = useResource(`channel ${app} ${channel}`, (signal) => api.channel(app, channel, signal));
  const timeline = useResource(`timeline ${app} ${channel}`, (signal) => api.timeline(app, channel, signal));
  const word = searchWord('channel', channel);
  const reload = () => {
    detail.reload();
    timeline.reload();
  };
  useNews({ app, types: consoleTypes, q: word }, detail, timeline);
  return (
    <Page
      title={channel}
      lead={detail.value !== undefined && <Lead detail={detail.value} />}
      actions={
        <>
          <ButtonLink icon="console" href={consoleLink(app, { q: word })}>
            Console
          </ButtonLink>
          <ButtonLink icon="help" href={whyLink(app, word)}>
            Events and why
          </ButtonLink>
        </>
      }
    >
      <ErrorNotice error={detail.error} onRetry={reload} />
      {detail.value === undefined && detail.error === undefined && <Loading what="the channel" />}
      {detail.value?.cache !== undefined && <Cached cache={detail.value.cache} />}
      <Section title="Timeline" lead="Presence, the webhook events that followed, and their deliveries.">
        <ErrorNotice error={timeline.error} onRetry={timeline.reload} />
        {timeline.value === undefined && timeline.error === undefined && <Loading what="the timeline" />}
        {timeline.value !== undefined && (
          <Timeline
            view={timeline.value}
            nowMs={now.value}
            eventHref={(id) => whyLink(app, `id:${id}`)}
            deliveryHref={(id) => deliveryLink(app, id)}
          />
        )}
      </Section>
      {detail.value !== undefined && (
        <>
          <Members app={app} detail={detail.value} onDone={reload} />
          <Connections app={app} detail={detail.value} onDone={reload} />
        </>
      )}
    </Page>
  );
}

function Lead({ detail }: { readonly detail: ChannelDetail }) {
  const { occupied, subscriptionCount, userCount } = detail;
  return (
    <span class="channel-lead">
      <Kinds channel={detail} />
      <State tone={occupied ? 'good' : 'calm'}>{occupied ? 'occupied' : 'vacant'}</State>
      <span>
        {subscriptionCount === undefined
          ? 'number of subscribers not known'
          : plural(subscriptionCount, 'subscriber')}
      </span>
      {userCount !== undefined && <span>{plural(userCount, 'member')}</span>}
    </span>
  );
}

function Cached({ cache }: { readonly cache: NonNullable<ChannelDetail['cache']> }) {
  // The server returns the seconds that are left, so the deadline depends on when the response arrived.
  const endsAtMs = useMemo(() => now.peek() + cache.ttlSeconds * 1000, [cache]);
  return (
    <Section
      title="Cached event"
      lead={
        <>
          Every new subscriber receives it first. It expires <Countdown atMs={endsAtMs} />.
        </>
      }
    >
      <JsonView label="Cached event" text={cache.data} />
    </Section>
  );
}
