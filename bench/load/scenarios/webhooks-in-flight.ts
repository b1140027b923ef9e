import type { Receiver } from '../driver/receiver.ts';
import { beginSample, type Measured, type Outcome, type Sample } from '../measure/sample.ts';
import { onSchedule, settle } from '../measure/wait.ts';

/** The most events in flight: enough to fill many batches, but few enough to measure delivery and not a queue. */
const window = 2000;
/** Longer than servers wait before they send `channel_vacated`. */
const stallMs = 5000;

/** A source of webhook events. */
export interface Source {
  /** The servers whose CPU counts. */
  readonly servers: readonly Measured[];
  readonly receiver: Receiver;
  /** Causes a fixed number of events, and returns it. */
  readonly cause: () => number;
  /** How many connections the source has lost so far. */
  readonly dropped: () => number;
}

/** Keeps as many webhook events in flight as the window allows, and waits for the last one. */
export async function keepInFlight(source: Source, seconds: number): Promise<Sample> {
  const { servers, receiver, cause, dropped } = source;
  let caused = 0;
  let atOnce = 0;
  let isOpen = true;
  const fill = (): void => {
    if (!isOpen) return;
    while (caused - receiver.events <= window - atOnce) {
      atOnce = cause();
      caused += atOnce;
    }
  };
  receiver.startRound();
  receiver.onEvents = fill;
  const droppedBefore = dropped();
  const end = beginSample(...servers);
  const startedAt = performance.now();
  fill();
  await settle(
    () => performance.now() - startedAt >= seconds * 1000,
    () => receiver.events,
    stallMs,
  );
  isOpen = false;
  const endedAt = await lastOf(receiver, caused);
  return end(outcomeOf(source, caused, droppedBefore), endedAt);
}

/** Causes events on a schedule, and waits for the last one. */
export async function keepPace(
  source: Source,
  schedule: { readonly perSecond: number; readonly seconds: number },
): Promise<Sample> {
  const { servers, receiver, cause, dropped } = source;
  let caused = 0;
  receiver.startRound();
  const droppedBefore = dropped();
  const end = beginSample(...servers);
  await onSchedule(schedule, () => (caused += cause()));
  const endedAt = await lastOf(receiver, caused);
  return end(outcomeOf(source, caused, droppedBefore), endedAt);
}

/** Waits for `caused` events or a stall. Resolves to the time of the last event. */
function lastOf(receiver: Receiver, caused: number): Promise<number> {
  return settle(
    () => receiver.events >= caused,
    () => receiver.events,
    stallMs,
  );
}

function outcomeOf({ receiver, dropped }: Source, caused: number, droppedBefore: number): Outcome {
  const { events, posts, repeatedEvents, badSignatures } = receiver;
  return {
    operations: events,
    accepted: null,
    delivered: events,
    missing: Math.max(0, caused - events),
    duplicated: repeatedEvents + Math.max(0, events - caused),
    errors: badSignatures + dropped() - droppedBefore,
    figures: [{ name: 'POSTs per 1,000 events', value: (posts / Math.max(1, events)) * 1000 }],
  };
}
