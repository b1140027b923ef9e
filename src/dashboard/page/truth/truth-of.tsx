import type { ComponentChildren } from 'preact';
import type { DifferenceView, TruthView } from '../../../views/truth.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { confirmed } from '../components/confirm.tsx';
import { ErrorNotice, Loading, Notice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { Table, type Column } from '../components/table.tsx';
import { State } from '../components/tag.tsx';
import { Ago } from '../components/time.tsx';
import { toast } from '../components/toast.tsx';
import { count, plural, sentence } from '../format.ts';
import { channelLink, whyLink, searchWord } from '../links.ts';
import { useNews } from '../live-reload.ts';
import { useAction, useResource } from '../resource.ts';

const changes = [
  // A member who disconnects makes a difference before any webhook is sent: the grace period. A return ends it.
  'subscribed',
  'unsubscribed',
  'disconnection',
  'occupied',
  'vacated',
  'member added',
  'member removed',
  'webhook sent',
  'webhook failed',
] as const;

interface TruthProps {
  readonly app: string;
  readonly endpoint: string;
}

/** Whether an endpoint knows the true state. If not, it lists each difference with its reason and offers a repair. */
export function TruthOf({ app, endpoint }: TruthProps) {
  const { value, error, isLoading, reload, set } = useResource(`truth ${app} ${endpoint}`, (signal) =>
    api.truth(app, endpoint, signal),
  );
  useNews({ app, types: changes }, { isLoading, reload });
  const repair = useAction();
  const onRepair = () =>
    repair.run(async () => {
      if (!(await confirmed(repairQuestion(endpoint)))) return;
      const { channels } = await api.reconcile(app, endpoint);
      toast(
        channels === 0
          ? 'Nothing needed to be sent'
          : `Sending the true state of ${plural(channels, 'channel')}`,
      );
      set(await api.truth(app, endpoint));
    });
  return (
    <section aria-label={`Truth of ${endpoint}`} class="truth">
      <ErrorNotice error={error} title="The comparison could not be loaded" onRetry={reload} />
      {value === undefined && error === undefined && <Loading what="the comparison" />}
      {value !== undefined && (
        <Verdict
          truth={value}
          actions={
            <>
              {value.canReconcile && value.differing > 0 && (
                <Button kind="primary" isBusy={repair.isBusy} changes onClick={onRepair}>
                  Repair
                </Button>
              )}
              <Button kind="quiet" icon="refresh" label="Compare again" isBusy={isLoading} onClick={reload} />
            </>
          }
        />
      )}
      <ErrorNotice error={repair.error} title="The endpoint was not repaired" />
      {value !== undefined && value.differences.length > 0 && <Differences app={app} truth={value} />}
      {value !== undefined && value.limits.length > 0 && <Limits limits={value.limits} />}
    </section>
  );
}

interface VerdictProps {
  readonly truth: TruthView;
  readonly actions: ComponentChildren;
}

function Verdict({ truth, actions }: VerdictProps) {
  const { unknown, differing, differences, channels, members } = truth;
  const compared = `${plural(channels, 'channel')} and ${plural(members, 'member')}`;
  if (unknown !== undefined)
    return (
      <Notice title="Not known" actions={actions}>
        <span>{sentence(unknown)}</span>
      </Notice>
    );
  if (differing === 0)
    return (
      <Notice
        kind="good"
        title={
          truth.limits.length === 0
            ? 'This endpoint knows the true state.'
            : 'This endpoint knows the true state, as far as it could be compared.'
        }
        actions={actions}
      >
        <span>
          Replaying the webhooks that it acknowledged gives the true state: {compared}. Compared{' '}
          <Ago atMs={truth.atMs} />.
        </span>
      </Notice>
    );
  const lasting = differences.filter(({ heals }) => !heals).length;
  // Differences that are not listed may be lasting or temporary.
  const isPartial = differing > differences.length;
  return (
    <Notice
      kind={lasting > 0 ? 'bad' : 'info'}
      title={
        lasting > 0
          ? `${count(lasting)}${isPartial ? ' or more' : ''} of ${plural(differing, 'difference')} will not go away without a repair.`
          : `${plural(differing, 'difference')}. ${isPartial ? 'The listed ones' : differing === 1 ? 'It' : 'They'} will go away without a repair.`
      }
      actions={actions}
    >
      <span>
        Compared {compared} <Ago atMs={truth.atMs} />.
        {lasting > 0 && !truth.canReconcile && ' This server cannot repair this endpoint.'}
      </span>
    </Notice>
  );
}

function Differences({ app, truth }: { readonly app: string; readonly truth: TruthView }) {
  const { differences, differing } = truth;
  return (
    <Section
      title="Differences"
      {...(differing > differences.length && {
        lead: `The first ${count(differences.length)} of ${count(differing)}.`,
      })}
    >
      <Table
        label="Differences"
        columns={columnsFor(app)}
        // Lasting differences need a person, so they come first.
        rows={differences.toSorted((a, b) => Number(a.heals) - Number(b.heals))}
        keyOf={({ channel, userId }) => `${channel} ${userId ?? ''}`}
      />
    </Section>
  );
}

function columnsFor(app: string): readonly Column<DifferenceView>[] {
  return [
    {
      title: 'State',
      cell: ({ heals }) => <State tone={heals ? 'calm' : 'bad'}>{heals ? 'temporary' : 'lasting'}</State>,
    },
    {
      title: 'About',
      kind: 'name',
      cell: ({ channel, userId }) => (
        <div class="cell-name">
          <a class="mono" href={channelLink(app, channel)}>
            {channel}
          </a>
          {userId !== undefined && <div class="muted">member {userId}</div>}
        </div>
      ),
    },
    { title: 'Believed', kind: 'minor', cell: ({ believed }) => believed },
    { title: 'True', kind: 'minor', cell: ({ actual }) => actual },
    {
      title: 'Why',
      kind: 'grow',
      cell: ({ why, channel }) => (
        <>
          {sentence(why)} <a href={whyLink(app, searchWord('channel', channel))}>Events</a>
        </>
      ),
    },
  ];
}

function Limits({ limits }: { readonly limits: readonly string[] }) {
  return (
    <Notice title="What was not compared">
      <ul>
        {limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </Notice>
  );
}

function repairQuestion(endpoint: string) {
  return {
    title: `Repair what ${endpoint} believes?`,
    consequences: [
      'For each channel and member that differs, this endpoint receives the current state in new webhooks.',
      'Other endpoints receive nothing. Past events, such as a member who joined and left, are not sent again.',
    ],
    action: 'Send the true state',
  };
}
