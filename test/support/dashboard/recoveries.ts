import type { Recovery } from '../../../src/views/dead-letters.ts';
import { Refused } from './refused.ts';
import type { MockState } from './state.ts';

/** The list of dropped deliveries. */
export function dropped(state: MockState, query: URLSearchParams) {
  const wanted = state.dropped.filter(
    (one) =>
      is(query.get('endpoint'), one.endpoint) &&
      is(query.get('reason'), one.reason) &&
      (query.get('channel') === null || one.events.some(({ channel }) => channel === query.get('channel'))) &&
      (query.get('event') === null || one.events.some(({ name }) => name === query.get('event'))),
  );
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 100);
  return {
    deliveries: wanted.slice(from, from + limit),
    forgotten: { deliveries: 2, events: 31 },
    kept_since: state.startedAtMs,
    ...(wanted.length > from + limit && { next: String(from + limit) }),
  };
}

/** Starts or cancels a recovery. */
export function recover(
  state: MockState,
  { method, id, body }: { method: string; id: string | undefined; body: unknown },
): unknown {
  if (method === 'DELETE') {
    const running = recovery(state, id ?? '');
    const cancelled: Recovery = { ...running, state: 'cancelled' };
    state.recoveries.set(running.id, cancelled);
    return cancelled;
  }
  const { endpoint, dry_run: isDry } = body as { endpoint: string; dry_run?: boolean };
  const matched = { deliveries: state.dropped.length, events: state.dropped.length * 2 };
  if (isDry === true) return { matched };
  const running: Recovery = {
    id: `rec_${Date.now()}`,
    endpoint,
    state: 'running',
    matched,
    sent: 0,
    failed: 0,
    skipped: 0,
    left: matched.deliveries,
  };
  state.recoveries.set(running.id, running);
  return { id: running.id, matched };
}

/** The progress of a recovery, which advances with each request. */
export function recovery(state: MockState, id: string): Recovery {
  const known = state.recoveries.get(id);
  if (known === undefined) throw new Refused(404, 'unknown', `No recovery has the id ${id}.`);
  if (known.state !== 'running') return known;
  const left = Math.max(0, known.left - 7);
  const next: Recovery = {
    ...known,
    left,
    sent: known.matched.deliveries - left - 1,
    failed: 1,
    state: left === 0 ? 'finished' : 'running',
  };
  state.recoveries.set(id, next);
  return next;
}

function is(wanted: string | null, value: string): boolean {
  return wanted === null || wanted === value;
}
