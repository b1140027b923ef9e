import { Admissions } from '../../../src/apps/admissions.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { SubscriptionCounts } from '../../../src/connections/subscription-counts.ts';
import { createInterestTable, Interest } from '../../../src/node/workers/interest.ts';
import type { WorkerOfState } from '../../../src/node/workers/keeper-methods.ts';
import { Line } from '../../../src/node/workers/line.ts';
import { createSeats } from '../../../src/node/workers/mesh.ts';
import { StateKeeper } from '../../../src/node/workers/state-keeper.ts';
import { WorkerCounts } from '../../../src/node/workers/subscriber-counts.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { MemoryLedger } from '../../../src/store/memory/ledger.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../fake-clock.ts';
import { noSlices } from '../turns.ts';
import { application } from '../unit/application.ts';

/** The keeper of two workers, which call it directly, and the events that it reports to webhooks. */
export function keeperStage() {
  const clock = new FakeClock();
  const apps = new LocalApps([application()]);
  const events: WebhookEvent[] = [];
  const outbox = {
    append: (_: string, appended: readonly WebhookEvent[]) => void events.push(...appended),
    kept: () => undefined,
  };
  const ledger = new MemoryLedger({
    clock,
    outbox,
    metrics: noMetrics,
    notify: () => {},
    notifyWatchers: () => {},
    wake: () => {},
    countSubscribers: () => 0,
    cacheTtlMs: 1000,
    ...noSlices(),
  });
  const [seat] = createSeats(1);
  if (seat === undefined) throw new Error('there is no seat');
  const subscribers = new WorkerCounts(
    new Line<WorkerOfState>(seat, {}),
    new Interest(createInterestTable(16), 0),
  );
  const keeper = new StateKeeper({
    workers: 2,
    apps,
    clock,
    ledger,
    outbox,
    fanout: { terminate: () => 'done' },
    counts: new SubscriptionCounts({
      clock,
      outbox,
      fanout: { publish: () => {}, terminate: () => 'done' },
      countSubscribers: (appId, channel) => subscribers.noted(appId, channel),
    }),
    subscribers,
    admissions: new Admissions({
      maxConnections: Infinity,
      maxConnectionsPerAddress: Infinity,
      maxNewConnectionsPerAddress: Infinity,
    }),
  });
  return { apps, events, keeper, ledger, subscribers };
}
