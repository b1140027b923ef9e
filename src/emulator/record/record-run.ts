import { maskUrl } from '../../config/mask-config.ts';
import type { LocalApp } from '../../apps/local-app.ts';
import type { EmulatorDelivery } from '../../recording/records.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { MovableClock } from '../time/movable-clock.ts';
import type { Journal } from './journal.ts';
import {
  recordFormat,
  recordVersion,
  type RecordedApp,
  type RecordedDelivery,
  type RecordEntry,
  type RunRecord,
} from './run-record.ts';

/** The sources of a record. */
export interface RecordParts {
  readonly clock: MovableClock;
  readonly seed: number | undefined;
  readonly recorder: Recorder;
  readonly journal: Journal;
  /** The apps in the record. */
  readonly apps: readonly RecordedApp[];
}

/** Returns the record of one app; without an id, of all apps. */
export function recordRun(
  { clock, seed, recorder, journal, apps }: RecordParts,
  appId: string | undefined,
): RunRecord {
  const { entries, lost, deliveriesStarted } = journal.part(appId);
  const deliveries = recorder.deliveries(appId);
  return {
    format: recordFormat,
    version: recordVersion,
    clock: { mode: clock.isVirtual ? 'virtual' : 'real', nowMs: clock.now() },
    ...(seed !== undefined && { seed }),
    apps,
    lost: { entries: lost, deliveries: Math.max(0, deliveriesStarted - deliveries.length) },
    entries,
    deliveries: inOrder(deliveries, entries).map(withoutHeaders),
  };
}

/** Returns an app as a record shows it. */
export function recordedApp({ config: { id, key, endpoints } }: LocalApp): RecordedApp {
  return {
    id,
    key,
    endpoints: endpoints.map((endpoint) => ({ id: endpoint.id, url: maskUrl(endpoint.url) })),
  };
}

/** Sorts deliveries by the time at which they were decided. The entries of the oldest may be missing; pending ones are not decided. */
function inOrder(
  deliveries: readonly EmulatorDelivery[],
  entries: readonly RecordEntry[],
): readonly EmulatorDelivery[] {
  const decidedAt = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const isEnd = entry.kind === 'delivered' || entry.kind === 'dropped';
    if (isEnd && entry.delivery !== undefined) decidedAt.set(entry.delivery, index);
  }
  const rankOf = ({ id, status }: EmulatorDelivery): number =>
    status === 'pending' ? Infinity : (decidedAt.get(id) ?? -1);
  return deliveries
    .map((delivery) => ({ delivery, rank: rankOf(delivery) }))
    .toSorted((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank))
    .map(({ delivery }) => delivery);
}

/** Leaves out headers, which may be secret, and the time of day of an attempt, because the record has the time of the clock. */
function withoutHeaders(delivery: EmulatorDelivery): RecordedDelivery {
  const { id, appId, endpoint, status, reason, body, attempts } = delivery;
  return {
    id,
    appId,
    endpoint,
    status,
    ...(reason !== undefined && { reason }),
    body,
    attempts: attempts.map(({ headers: _headers, timeMs: _timeMs, ...attempt }) => attempt),
  };
}
