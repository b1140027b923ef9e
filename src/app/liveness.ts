import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import { pingFrame } from '../protocol/encode.ts';
import { pongNotReceived, type ClosingError } from '../protocol/errors.ts';
import type { Session } from './session.ts';

/** How long a client may be silent. */
export interface LivenessPolicy {
  /** What clients are told: after so much silence they are to ping. */
  readonly activityTimeoutMs: Millis;
  /** How long an answer to a ping may take. */
  readonly pongTimeoutMs: Millis;
}

/** Clients ping first, after the activity time-out; the server asks only when somewhat more has passed. */
const patience = 1.25;

/** What a client's silence calls for. */
export function judge(
  session: Pick<Session, 'lastHeardAt' | 'pingedAt'>,
  policy: LivenessPolicy,
  at: Millis,
): 'alive' | 'ping' | 'dead' {
  if (session.pingedAt !== undefined) {
    return at - session.pingedAt >= policy.pongTimeoutMs ? 'dead' : 'alive';
  }
  return at - session.lastHeardAt >= policy.activityTimeoutMs * patience ? 'ping' : 'alive';
}

/** When a silence will call for something, unless it ends before. */
function dueAt({ lastHeardAt, pingedAt }: Session, policy: LivenessPolicy): Millis {
  return pingedAt === undefined
    ? lastHeardAt + policy.activityTimeoutMs * patience
    : pingedAt + policy.pongTimeoutMs;
}

/** Looks are so far apart, if an answer may take less than ten times as long; else further. */
const leastIntervalMs: Millis = 1000;

/** Whom liveness looks after, and how it ends a connection. */
export interface LivenessNode {
  /** Each with the connections that are new since the last look. */
  readonly apps: Iterable<{ readonly newcomers: Set<Session> }>;
  end(session: Session, error: ClosingError): void;
}

/**
 * Looks after every connection: one timer in all instead of one per connection, and at each look only those whose time may
 * have come, because looking at thousands that are silent costs more than anything else that they do. The client
 * is asked in both ways, because a frozen page still answers the WebSocket ping, and some clients answer
 * only the event.
 */
export function watchLiveness(clock: Clock, policy: LivenessPolicy, node: LivenessNode): Cancel {
  const intervalMs = Math.max(leastIntervalMs, policy.pongTimeoutMs / 10);
  const startedAt = clock.now();
  /** Those to be looked at, by the number of the look. */
  const rounds = new Map<number, Set<Session>>();
  let done = 0;

  const lookLater = (session: Session): void => {
    const number = Math.max(done + 1, Math.ceil((dueAt(session, policy) - startedAt) / intervalMs));
    const round = rounds.get(number) ?? new Set();
    rounds.set(number, round.add(session));
    session.round = round;
  };
  const lookAt = (session: Session, at: Millis): void => {
    const verdict = judge(session, policy, at);
    if (verdict === 'dead') return node.end(session, pongNotReceived);
    if (verdict === 'ping') ask(session, at);
    lookLater(session);
  };
  const look = (): void => {
    const at = clock.now();
    // Timers may be a little early, and after a pause several looks are made up for.
    const last = Math.max(done + 1, Math.round((at - startedAt) / intervalMs));
    while (done < last) {
      done += 1;
      const round = rounds.get(done);
      rounds.delete(done);
      for (const session of round ?? []) lookAt(session, at);
    }
    for (const { newcomers } of node.apps) {
      for (const session of newcomers) lookLater(session);
      newcomers.clear();
    }
    cancel = clock.after(Math.max(1, startedAt + (done + 1) * intervalMs - clock.now()), look);
  };
  let cancel = clock.after(intervalMs, look);
  return () => cancel();
}

function ask(session: Session, at: Millis): void {
  session.pingedAt = at;
  session.socket.send(pingFrame);
  session.socket.ping();
}
