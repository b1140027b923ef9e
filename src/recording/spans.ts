import type { SpanView } from '../views/channels.ts';
import type { Millis } from '../ports/clock.ts';
import type { Movement } from './movements.ts';

/** How long webhooks wait for a return after each kind of leave. */
export interface Grace {
  readonly disconnectMs: Millis;
  readonly unsubscribeMs: Millis;
}

/** What is true of a channel or a member now; `unknown`: nobody can say. */
export type Standing =
  | 'unknown'
  | {
      readonly isThere: boolean;
      /** How many connections it has; absent: that is not known. */
      readonly connections?: number;
    };

/** What the spans of a channel, or of a member of it, follow from. */
export interface SpanSource {
  readonly grace: Grace;
  /** Since when all movements are known. */
  readonly fromMs: Millis;
  readonly nowMs: Millis;
  readonly standing: Standing;
  /** When its departures were told. */
  readonly endedAt: readonly Millis[];
}

/** A span while it is found out. */
interface Absence {
  readonly leftAt: Millis;
  deadline: Millis;
}

/**
 * When somebody was there, and when a departure was not told yet. Movements are those that are known, the first first. Whoever
 * leaves without having come was there before they are known; so was whoever is there now and has not come.
 */
export function spansOf(movements: readonly Movement[], source: SpanSource): readonly SpanView[] {
  const { fromMs, nowMs, standing } = source;
  const connections = presentBefore(movements);
  const unseen = unseenConnections(movements, connections.size, standing);
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
    // Who is known to be gone was seen to come, and nobody knows until when it was there.
    const isGone = standing !== 'unknown' && !standing.isThere;
    spans.push({
      state: 'present',
      fromMs: presentSince,
      ...(isGone && { toMs: nowMs }),
      ...(beganBefore && { beganBefore }),
    });
  }
  return spans;
}

/** Who was there before movements are known: those who left first. */
function presentBefore(movements: readonly Movement[]): Set<string> {
  const seen = new Set<string>();
  const present = new Set<string>();
  for (const { kind, socketId } of movements) {
    if (!seen.has(socketId) && kind !== 'subscribed') present.add(socketId);
    seen.add(socketId);
  }
  return present;
}

/** How many are there all the time and have not moved, at least. */
function unseenConnections(movements: readonly Movement[], before: number, standing: Standing): number {
  if (standing === 'unknown' || !standing.isThere) return 0;
  const known = movements.reduce((sum, { kind }) => sum + (kind === 'subscribed' ? 1 : -1), before);
  if (standing.connections === undefined) return known > 0 ? 0 : 1;
  return Math.max(0, standing.connections - known);
}

function graceOf(kind: Movement['kind'], grace: Grace): Millis {
  if (kind === 'disconnected') return grace.disconnectMs;
  return kind === 'unsubscribed' ? grace.unsubscribeMs : 0;
}

/** The span from a departure to the return, to when it was told, or to the end of the grace. */
function lingering(
  { leftAt, deadline }: Absence,
  returnedAt: Millis | undefined,
  { endedAt, nowMs }: SpanSource,
): readonly SpanView[] {
  const until = returnedAt ?? Infinity;
  const told = endedAt.find((at) => at >= leftAt && at <= until);
  const end = told ?? Math.min(until, deadline);
  const span = { state: 'lingering', fromMs: leftAt, deadlineMs: deadline } as const;
  if (end > nowMs) return [span];
  return end === leftAt ? [] : [{ ...span, toMs: end }];
}
