import { Churn, churnNumber } from '../driver/churn.ts';
import { Receiver, type Manner } from '../driver/receiver.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { onSchedule, settle } from '../measure/wait.ts';
import type { Bench, Case, Opened } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

/** Longer than servers wait before they tell that a channel is vacated. */
const stallMs = 5000;
const eventTypes = ['channel_occupied', 'channel_vacated'];
const healthy: Manner = { status: 200, delayMs: 0 };
const slow: Manner = { status: 200, delayMs: 100 };
const failing: Manner = { status: 500, delayMs: 0 };

/** The same events on a schedule, to measure from cause to POST: with endpoints that answer well, late and not at all. */
export const pacedWebhooks: readonly Case[] = [
  paced(1000, 'healthy endpoint', [healthy]),
  paced(5000, 'healthy endpoint', [healthy]),
  paced(1000, `endpoint answers after ${slow.delayMs} ms`, [slow]),
  paced(1000, 'healthy endpoint beside a failing one', [healthy, failing]),
];

/** The figures are those of the first endpoint. */
function paced(eventsPerSecond: number, what: string, manners: readonly Manner[]): Case {
  const name = `${eventsPerSecond.toLocaleString('en')} events/s on schedule, ${what}`;
  return {
    name,
    operation: 'event',
    open: (bench) => openPacedChurn(bench, { manners, eventsPerSecond, graceMs: 0 }),
  };
}

/** How channels are occupied and vacated, and who is told. */
export interface PacedChurn {
  /** Of the endpoints; one that answers at once is the default. */
  readonly manners?: readonly Manner[];
  readonly eventsPerSecond: number;
  /** How long a leave lingers; the default is the server's own. */
  readonly graceMs?: number;
}

/** Opens a server on which channels are occupied and left at once, each a moment after the one before. */
export async function openPacedChurn(bench: Bench, churning: PacedChurn): Promise<Opened> {
  const { manners = [healthy], eventsPerSecond, ...grace } = churning;
  // Of each channel two events.
  const pairsPerSecond = eventsPerSecond / 2;
  const receivers = manners.map((manner) => new Receiver(appOf(0).secret, manner));
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
  if (receiver === undefined) throw new Error('There is no endpoint');
  const dueAt = new Map<number, number>();
  const latencies = new Latencies();
  for (const one of receivers) one.startRound();
  receiver.onEvents = (events) => {
    const now = performance.now();
    for (const { name, channel } of events) {
      // A vacated channel may have a grace.
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
