import { Churn, churnNumber } from '../driver/churn.ts';
import { Receiver, type Behavior } from '../driver/receiver.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { onSchedule, settle } from '../measure/wait.ts';
import type { Bench, Case, Opened } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

/** Longer than servers wait before they send `channel_vacated`. */
const stallMs = 5000;
const eventTypes = ['channel_occupied', 'channel_vacated'];
const healthy: Behavior = { status: 200, delayMs: 0 };
const slow: Behavior = { status: 200, delayMs: 100 };
const failing: Behavior = { status: 500, delayMs: 0 };

/** The same events on a schedule, to measure the time from cause to POST, with healthy, slow and failing endpoints. */
export const pacedWebhooks: readonly Case[] = [
  paced(1000, 'healthy endpoint', [healthy]),
  paced(5000, 'healthy endpoint', [healthy]),
  paced(1000, `endpoint answers after ${slow.delayMs} ms`, [slow]),
  paced(1000, 'healthy endpoint beside a failing one', [healthy, failing]),
];

/** The figures are those of the first endpoint. */
function paced(eventsPerSecond: number, what: string, behaviors: readonly Behavior[]): Case {
  const name = `${eventsPerSecond.toLocaleString('en')} events/s on schedule, ${what}`;
  return {
    name,
    operation: 'event',
    open: (bench) => openPacedChurn(bench, { behaviors, eventsPerSecond, graceMs: 0 }),
  };
}

/** How channels become occupied and vacated, and which endpoints receive the webhooks. */
export interface PacedChurn {
  /** The behaviors of the endpoints; the default is one that answers immediately. */
  readonly behaviors?: readonly Behavior[];
  readonly eventsPerSecond: number;
  /** The grace period after a leave; the default is the server's own. */
  readonly graceMs?: number;
}

/** Opens a server on which clients subscribe to channels and leave them immediately, one channel after the other. */
export async function openPacedChurn(bench: Bench, churning: PacedChurn): Promise<Opened> {
  const { behaviors = [healthy], eventsPerSecond, ...grace } = churning;
  // Each pair causes two events.
  const pairsPerSecond = eventsPerSecond / 2;
  const receivers = behaviors.map((behavior) => new Receiver(appOf(0).secret, behavior));
  const urls = await Promise.all(receivers.map((receiver) => receiver.listen()));
  const target = await bench.start({ webhooks: urls.map((url) => ({ url, eventTypes })), ...grace });
  const churn = await Churn.connect(target, 1);
  return {
    pid: target.pid,
    round: (seconds) => round({ target, receivers, churn, pairsPerSecond }, seconds),
    close: async () => {
      await churn.close();
      await target.stop();
      await Promise.all(receivers.map((receiver) => receiver.close()));
    },
  };
}

interface Load {
  readonly target: Target;
  readonly receivers: readonly Receiver[];
  readonly churn: Churn;
  readonly pairsPerSecond: number;
}

async function round({ target, receivers, churn, pairsPerSecond }: Load, seconds: number): Promise<Sample> {
  const [receiver, other] = receivers;
  if (receiver === undefined) throw new Error('The case has no endpoint');
  const dueAt = new Map<number, number>();
  const latencies = new Latencies();
  for (const one of receivers) one.startRound();
  receiver.onEvents = (events) => {
    const now = performance.now();
    for (const { name, channel } of events) {
      // channel_vacated can wait for a grace period, so only channel_occupied is measured.
      const due = name === 'channel_occupied' ? dueAt.get(churnNumber(channel)) : undefined;
      if (due !== undefined) latencies.record(now - due);
    }
  };
  const droppedBefore = churn.dropped;
  let caused = 0;
  const end = beginSample(target);
  await onSchedule({ perSecond: pairsPerSecond, seconds }, (_, due) => {
    const { events, first } = churn.next();
    dueAt.set(first, due);
    caused += events;
  });
  const endedAt = await settle(
    () => receiver.events >= caused,
    () => receiver.events,
    stallMs,
  );
  const { events, posts, repeatedEvents, badSignatures } = receiver;
  const outcome = {
    operations: events,
    accepted: null,
    delivered: events,
    missing: Math.max(0, caused - events),
    duplicated: repeatedEvents + Math.max(0, events - caused),
    errors: badSignatures + churn.dropped - droppedBefore,
    latency: latencies.percentiles(),
    figures: [
      { name: 'POSTs per 1,000 events', value: (posts / Math.max(1, events)) * 1000 },
      ...(other === undefined ? [] : [{ name: 'POSTs to the failing endpoint', value: other.posts }]),
    ],
  };
  return end(outcome, endedAt);
}
