import type { SpanView } from '../views/channels.ts';
import type { Millis } from '../ports/clock.ts';
import type { Movement } from './movements.ts';

/** The grace period after each kind of departure. */
export interface Grace {
  readonly disconnectMs: Millis;
  readonly unsubscribeMs: Millis;
}

/** The current state of a channel or a member, or `unknown`. */
export type CurrentState =
  | 'unknown'
  | {
      readonly isThere: boolean;
      /** How many connections it has. Absent if that is not known. */
      readonly connections?: number;
    };

/** The facts from which the spans of a channel or a member are computed. */
export interface SpanSource {
  readonly grace: Grace;
  /** Since when all movements are known. */
  readonly fromMs: Millis;
  readonly nowMs: Millis;
  readonly current: CurrentState;
  /** When its departures were sent. */
  readonly endedAt: readonly Millis[];
}

/** A span of absence that has not ended. */
interface Absence {
  readonly leftAt: Millis;
  deadline: Millis;
}

/**
 * Computes when a channel was occupied or a member present, and when it was in a grace period. `movements` are the known
 * ones in their order. A connection that leaves without an arrival was there before the first known movement, and so was
 * one that is there now without an arrival.
 */
export function spansOf(movements: readonly Movement[], source: SpanSource): readonly SpanView[] {
  const { fromMs, nowMs, current } = source;
  const connections = presentBefore(movements);
  const unseen = unseenConnections(movements, connections.size, current);
  const spans: SpanView[] = [];
  let presentSince = connections.size + unseen > 0 ? fromMs : undefined;
  let beganBefore: true | undefined = presentSince === undefined ? undefined : true;
  let absence: Absence | undefined;
  let deadline = -Infinity;
  for (const { kind, socketId, atMs } of movements) {
    if (kind === 'subscribed') {
      connections.add(socketId);
      if (absence !== undefined) spans.push(...lingering(absence, atMs, source));
      absence = undefined;
      presentSince ??= atMs;
      continue;
    }
    connections.delete(socketId);
    deadline = Math.max(deadline, atMs + graceOf(kind, source.grace));
    if (presentSince === undefined || connections.size + unseen > 0) continue;
    spans.push({ state: 'present', fromMs: presentSince, toMs: atMs, ...(beganBefore && { beganBefore }) });
    presentSince = undefined;
    beganBefore = undefined;
    absence = { leftAt: atMs, deadline };
    deadline = -Infinity;
  }
  if (absence !== undefined) spans.push(...lingering(absence, undefined, source));
  if (presentSince !== undefined) {
    // The arrival is known but the departure is not, so the end is not known exactly.
    const isGone = current !== 'unknown' && !current.isThere;
    spans.push({
      state: 'present',
      fromMs: presentSince,
      ...(isGone && { toMs: nowMs }),
      ...(beganBefore && { beganBefore }),
    });
  }
  return spans;
}

/** The connections that were there before the first known movement: those whose first movement is a departure. */
function presentBefore(movements: readonly Movement[]): Set<string> {
  const seen = new Set<string>();
  const present = new Set<string>();
  for (const { kind, socketId } of movements) {
    if (!seen.has(socketId) && kind !== 'subscribed') present.add(socketId);
    seen.add(socketId);
  }
  return present;
}

/** The least number of connections that were there all the time without a movement. */
function unseenConnections(movements: readonly Movement[], before: number, current: CurrentState): number {
  if (current === 'unknown' || !current.isThere) return 0;
  const known = movements.reduce((sum, { kind }) => sum + (kind === 'subscribed' ? 1 : -1), before);
  if (current.connections === undefined) return known > 0 ? 0 : 1;
  return Math.max(0, current.connections - known);
}

function graceOf(kind: Movement['kind'], grace: Grace): Millis {
  if (kind === 'disconnected') return grace.disconnectMs;
  return kind === 'unsubscribed' ? grace.unsubscribeMs : 0;
}

/** The span from a departure to the return, to the event of the departure, or to the end of the grace period. */
function lingering(
  { leftAt, deadline }: Absence,
  returnedAt: Millis | undefined,
  { endedAt, nowMs }: SpanSource,
): readonly SpanView[] {
  const until = returnedAt ?? Infinity;
  const sentAt = endedAt.find((at) => at >= leftAt && at <= until);
  const end = sentAt ?? Math.min(until, deadline);
  const span = { state: 'lingering', fromMs: leftAt, deadlineMs: deadline } as const;
  if (end > nowMs) return [span];
  return end === leftAt ? [] : [{ ...span, toMs: end }];
}
