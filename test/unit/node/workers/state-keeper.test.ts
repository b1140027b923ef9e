import { expect, test } from 'vitest';
import { Admissions } from '../../../../src/apps/admissions.ts';
import { LocalApps } from '../../../../src/apps/local-app.ts';
import { noMetrics } from '../../../../src/ports/metrics.ts';
import type { Join } from '../../../../src/ports/attendance.ts';
import type { WebhookEvent } from '../../../../src/webhooks/event.ts';
import { MemoryLedger } from '../../../../src/store/memory/ledger.ts';
import { createInterestTable, Interest } from '../../../../src/node/workers/interest.ts';
import { Line } from '../../../../src/node/workers/line.ts';
import { createSeats } from '../../../../src/node/workers/mesh.ts';
import { StateKeeper } from '../../../../src/node/workers/state-keeper.ts';
import { WorkerCounts } from '../../../../src/node/workers/subscriber-counts.ts';
import type { WorkerOfState } from '../../../../src/node/workers/keeper-methods.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { noSlices } from '../../../support/turns.ts';
import { application, channelName } from '../../../support/unit/application.ts';

const news = channelName('news');
const join: Join = {
  appId: '1',
  channel: news,
  memberLimit: 100,
  readsCache: false,
  wantsCacheMiss: false,
};

function start() {
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
    counts: { changed: () => {} },
    subscribers,
    admissions: new Admissions({
      maxConnections: Infinity,
      maxConnectionsPerAddress: Infinity,
      maxNewConnectionsPerAddress: Infinity,
    }),
  });
  return { apps, events, keeper, ledger, subscribers };
}

test('an app that was removed and returns has no subscribers, and then only new ones', () => {
  const { apps, events, keeper, ledger, subscribers } = start();
  for (const worker of [1, 2]) {
    keeper.join(worker, join, false);
    keeper.count(worker, '1', news, 1);
  }
  apps.replace([]);
  // The workers disconnect the clients when they receive the message, which is later.
  for (const worker of [1, 2]) {
    keeper.leave(worker, { appId: '1', channel: news, channelLingersMs: 0 });
    keeper.count(worker, '1', news, 0);
  }
  void ledger.retire('1');
  apps.replace([application()]);
  expect(subscribers.noted('1', news)).toBe(0);
  events.length = 0;

  for (const worker of [1, 2]) keeper.join(worker, join, false);
  expect(apps.byId('1')?.registry.occupiedChannels).toBe(1);
  keeper.leave(1, { appId: '1', channel: news, channelLingersMs: 0 });
  ledger.sweep();
  expect(events.map(({ name }) => name)).toEqual(['channel_occupied']);
  keeper.leave(2, { appId: '1', channel: news, channelLingersMs: 0 });
  ledger.sweep();
  expect(events.map(({ name }) => name)).toEqual(['channel_occupied', 'channel_vacated']);
});
