import { useEffect, useMemo } from 'preact/hooks';
import type { LaneBatchView, LanesView, LaneView } from '../../../views/truth.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { DeliveryLink } from '../components/delivery-link.tsx';
import { ErrorNotice, Loading, Notice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { Table, type Column } from '../components/table.tsx';
import { State } from '../components/tag.tsx';
import { Ago, Countdown } from '../components/time.tsx';
import { bytes, count, duration, listed, plural } from '../format.ts';
import { channelLink } from '../links.ts';
import { useResource } from '../resource.ts';
import { onThisNode } from '../session.ts';
import { stats } from '../stream.ts';
import { now } from '../time.ts';

interface LanesProps {
  readonly app: string;
  readonly endpoint: string;
}

/** The queue of an endpoint by channel: what is being sent, and what waits behind it. */
export function Lanes({ app, endpoint }: LanesProps) {
  const { value, error, isLoading, reload } = useResource(`lanes ${app} ${endpoint}`, (signal) =>
    api.lanes(app, endpoint, signal),
  );
  // The stream sends numbers every two seconds; the lanes are reloaded with them.
  const latestStats = stats.value;
  useEffect(() => {
    if (value !== undefined && !isLoading) reload();
  }, [latestStats]);
  const readAtMs = useMemo(() => now.peek(), [value]);
  return (
    <Section
      title="Lanes"
      lead="Each channel is a lane. While a batch is being sent, later events of its channels wait."
      actions={<Button kind="quiet" icon="refresh" label="Refresh the lanes" onClick={reload} />}
    >
      <ErrorNotice error={error} title="The lanes could not be loaded" onRetry={reload} />
      {value === undefined && error === undefined && <Loading what="the lanes" />}
      {value !== undefined && <Content app={app} lanes={value} readAtMs={readAtMs} />}
    </Section>
  );
}

interface ContentProps {
  readonly app: string;
  readonly lanes: LanesView;
  readonly readAtMs: number;
}

function Content({ app, lanes, readAtMs }: ContentProps) {
  const { queue, pause, batches, batchCount, lanes: list, laneCount } = lanes;
  return (
    <>
      {pause !== undefined && (
        <Notice kind="warn" title={pause.how === 'hold' ? 'Paused: held' : 'Paused: off'}>
          <span>
            {pause.how === 'hold'
              ? 'Nothing is sent. New events wait, and their five minutes do not run.'
              : 'New events are not sent. They are listed as dropped.'}{' '}
            Paused <Ago atMs={pause.sinceMs} />.
          </span>
        </Notice>
      )}
      {queue === undefined ? (
        <p>Other nodes send the webhooks of this app. This node does not know their queues.</p>
      ) : (
        <p>
          {queue.isFailing && <State tone="bad">failing</State>}{' '}
          {queue.events === 0
            ? `Nothing is being sent, and nothing waits${onThisNode.value}.`
            : `${plural(queue.events, 'event')} (${bytes(queue.bytes)}) ${queue.events === 1 ? 'waits' : 'wait'}${onThisNode.value}, the oldest for ${duration(queue.oldestAgeMs)}.`}
        </p>
      )}
      {batches.length > 0 && (
        <Table
          label="Unfinished batches, oldest first"
          columns={batchColumns(app, readAtMs)}
          rows={batches}
          keyOf={(batch) => batch.id ?? `${batch.ageMs} ${batch.channels.join(' ')}`}
        />
      )}
      {batchCount > batches.length && (
        <p class="muted">
          Showing the {count(batches.length)} oldest of {count(batchCount)} batches.
        </p>
      )}
      {list.length > 0 && (
        <>
          <Table
            label="Lanes with events that are not in a batch yet"
            columns={laneColumns(app)}
            rows={list}
            keyOf={({ channel }) => channel}
          />
          {laneCount > list.length && (
            <p class="muted">
              Showing the {count(list.length)} of {count(laneCount)} lanes that have waited longest.
            </p>
          )}
        </>
      )}
    </>
  );
}

const shownChannels = 3;

function batchColumns(app: string, readAtMs: number): readonly Column<LaneBatchView>[] {
  return [
    {
      title: 'Batch',
      cell: ({ state, id }) => (
        <>
          <State tone={state === 'in-flight' ? 'busy' : 'warn'}>
            {state === 'in-flight' ? 'being sent' : 'waits'}
          </State>
          {id !== undefined && (
            <div>
              <DeliveryLink app={app} id={id} />
            </div>
          )}
        </>
      ),
    },
    {
      title: 'Channels',
      kind: 'grow',
      cell: ({ channels }) => {
        const more = channels.length - shownChannels;
        const named = channels.slice(0, shownChannels);
        return listed(more > 0 ? [...named, `${count(more)} more`] : named);
      },
    },
    { title: 'Events', kind: 'end', cell: ({ events }) => count(events) },
    { title: 'Attempts', kind: 'end', cell: ({ attempts }) => count(attempts) },
    { title: 'Age', kind: 'end', cell: ({ ageMs }) => duration(ageMs) },
    {
      title: 'Next attempt',
      kind: 'end',
      cell: ({ nextAttemptInMs }) =>
        nextAttemptInMs === undefined ? '' : <Countdown atMs={readAtMs + nextAttemptInMs} />,
    },
    {
      title: 'Will be dropped',
      kind: 'end',
      cell: ({ deadlineInMs }) => <Countdown atMs={readAtMs + deadlineInMs} />,
    },
  ];
}

function laneColumns(app: string): readonly Column<LaneView>[] {
  return [
    {
      title: 'Lane',
      kind: 'grow',
      cell: ({ channel }) => (
        <a class="mono" href={channelLink(app, channel)}>
          {channel}
        </a>
      ),
    },
    { title: 'Events', kind: 'end', cell: ({ events }) => count(events) },
    { title: 'Oldest', kind: 'end', cell: ({ oldestAgeMs }) => duration(oldestAgeMs) },
    {
      title: 'Waits behind',
      cell: ({ blockedBy }) =>
        blockedBy === undefined ? 'nothing; in the next batch' : <DeliveryLink app={app} id={blockedBy} />,
    },
  ];
}
