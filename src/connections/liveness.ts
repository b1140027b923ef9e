import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import { pingFrame } from '../protocol/encode.ts';
import { pongNotReceived, type ClosingError } from '../protocol/errors.ts';
import type { Session } from '../apps/session.ts';

/** How long a client may be silent. */
export interface LivenessPolicy {
  /** The activity timeout that clients are sent: they ping after this much silence. */
  readonly activityTimeoutMs: Millis;
  /** How long an answer to a ping may take. */
  readonly pongTimeoutMs: Millis;
}

/** Clients ping first, after the activity timeout. The server pings after somewhat more time. */
const patience = 1.25;

/** What a client's silence requires. */
export function judgeLiveness(
  session: Pick<Session, 'lastHeardAt' | 'pingedAt'>,
  policy: LivenessPolicy,
  at: Millis,
): 'alive' | 'ping' | 'dead' {
  if (session.pingedAt !== undefined) {
    return at - session.pingedAt >= policy.pongTimeoutMs ? 'dead' : 'alive';
  }
  return at - session.lastHeardAt >= policy.activityTimeoutMs * patience ? 'ping' : 'alive';
}

/** When the silence will require something, unless it ends before. */
function dueAt({ lastHeardAt, pingedAt }: Session, policy: LivenessPolicy): Millis {
  return pingedAt === undefined
    ? lastHeardAt + policy.activityTimeoutMs * patience
    : pingedAt + policy.pongTimeoutMs;
}

/** The minimum interval between checks. The interval is a tenth of the pong timeout, if that is longer. */
const leastIntervalMs: Millis = 1000;

/** The connections to check, and how to close one. */
export interface LivenessNode {
  /** The apps, each with the connections that are new since the last check. */
  readonly apps: Iterable<{ readonly newcomers: Set<Session> }>;
  end(session: Session, error: ClosingError): void;
}

/**
 * Checks every connection, with one timer in all instead of one per connection. Each check looks only at connections that may
 * be due, because looking at thousands of silent ones costs more than everything else they do. The client is pinged in both
 * ways, because a frozen page still answers the WebSocket ping, and some clients answer only the event.
 */
export function watchLiveness(clock: Clock, policy: LivenessPolicy, node: LivenessNode): Cancel {
  const intervalMs = Math.max(leastIntervalMs, policy.pongTimeoutMs / 10);
  const startedAt = clock.now();
  /** Connections by the number of the check in which they are due. */
  const rounds = new Map<number, Set<Session>>();
  let done = 0;

  const checkLater = (session: Session): void => {
    const number = Math.max(done + 1, Math.ceil((dueAt(session, policy) - startedAt) / intervalMs));
    const round = rounds.get(number) ?? new Set();
    rounds.set(number, round.add(session));
    session.round = round;
  };
  const checkSession = (session: Session, at: Millis): void => {
    const verdict = judgeLiveness(session, policy, at);
    if (verdict === 'dead') return node.end(session, pongNotReceived);
    if (verdict === 'ping') ask(session, at);
    checkLater(session);
  };
  const checkDue = (): void => {
    const at = clock.now();
    // Timers may be slightly early, and after a pause several checks are made at once.
    const last = Math.max(done + 1, Math.round((at - startedAt) / intervalMs));
    while (done < last) {
      done += 1;
      const round = rounds.get(done);
      rounds.delete(done);
      for (const session of round ?? []) checkSession(session, at);
    }
    for (const { newcomers } of node.apps) {
      for (const session of newcomers) checkLater(session);
      newcomers.clear();
    }
    cancel = clock.after(Math.max(1, startedAt + (done + 1) * intervalMs - clock.now()), checkDue);
  };
  let cancel = clock.after(intervalMs, checkDue);
  return () => cancel();
}

function ask(session: Session, at: Millis): void {
  session.pingedAt = at;
  session.socket.send(pingFrame);
  session.socket.ping();
}
