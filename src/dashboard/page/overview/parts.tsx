import type { OverviewView, SelfView } from '../../../views/server.ts';
import { KeyValue } from '../components/key-value.tsx';
import { Section } from '../components/page.tsx';
import { Table } from '../components/table.tsx';
import { State } from '../components/tag.tsx';
import { Ago } from '../components/time.tsx';
import { bytes, count, duration, plural } from '../format.ts';
import { consoleLink, truthLink } from '../links.ts';

interface Props {
  readonly overview: OverviewView;
}

/** The webhook queues, and the endpoints that fail. */
export function Queues({ overview: { webhooks } }: Props) {
  const { waiting, bytes: size, oldestAgeMs, failing, underWay } = webhooks;
  return (
    <Section title="Webhook queues">
      {waiting === undefined ? (
        <p>Other nodes send the webhooks. This node does not know their queues.</p>
      ) : (
        <KeyValue
          items={{
            Waiting: `${plural(waiting, 'event')}${size === undefined ? '' : `, ${bytes(size)}`}`,
            Oldest: waiting === 0 || oldestAgeMs === undefined ? 'nothing waits' : duration(oldestAgeMs),
            'In progress': plural(underWay, 'attempt'),
          }}
        />
      )}
      {failing.length === 0 ? (
        <p>
          <State tone="good">No endpoint is failing</State>
        </p>
      ) : (
        <ul class="plain-list">
          {failing.map(({ appId, endpoint, url }) => (
            <li key={`${appId} ${endpoint}`}>
              <State tone="bad">failing</State> <a href={truthLink(appId, endpoint)}>{endpoint}</a>{' '}
              <span class="muted wrap">{url}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** The health of what the node depends on. */
export function Health({ overview: { health } }: Props) {
  return (
    <Section title="Health">
      <ul class="plain-list">
        {health.map(({ name, isGood, text }) => (
          <li key={name}>
            <strong>{name}</strong>{' '}
            <State tone={isGood ? 'good' : 'bad'}>{isGood ? 'good' : 'not good'}</State>{' '}
            <span class="muted">{text}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The most frequent refusals. */
export function Refusals({ overview: { refusals } }: Props) {
  return (
    <Section title="Most frequent refusals since the start">
      {refusals.length === 0 ? (
        <p class="muted">Nothing was refused.</p>
      ) : (
        <Table
          label="Refusals by reason"
          rows={refusals}
          keyOf={({ kind, reason }) => `${kind} ${reason}`}
          linkOf={({ reason }) => consoleLink(undefined, { q: reason })}
          columns={[
            { title: 'Reason', kind: 'grow', cell: ({ reason }) => <code>{reason}</code> },
            { title: 'Kind', kind: 'minor', cell: ({ kind }) => kind },
            { title: 'Count', kind: 'end', cell: ({ count: times }) => count(times) },
          ]}
        />
      )}
    </Section>
  );
}

/** Facts about this server, such as what survives a restart. */
export function ServerFacts({ server }: { readonly server: SelfView }) {
  const { lastEnd, starts } = server;
  return (
    <Section title="Server">
      <KeyValue
        items={{
          Version: server.version,
          Started: <Ago atMs={server.startedAtMs} />,
          'State is kept': keptWords[server.kept],
          'Settings are kept': keptWords[server.savedIn],
          Epoch: <code class="wrap">{server.epoch}</code>,
          'Store opened': starts === undefined ? undefined : plural(starts, 'time'),
          'Previous run':
            lastEnd === undefined ? undefined : `ended ${lastEnd.how}, down for ${duration(lastEnd.downMs)}`,
        }}
      />
    </Section>
  );
}

const keptWords = {
  memory: 'in memory, until the process stops',
  disk: 'on disk, across restarts',
  redis: 'in Redis, shared by all nodes',
} as const satisfies Record<SelfView['kept'], string>;
