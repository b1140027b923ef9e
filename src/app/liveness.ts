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

/** Every connection is looked at so often, if an answer may take less than ten times as long; else less often. */
const leastIntervalMs: Millis = 1000;

/** Whom liveness looks after, and how it ends a connection. */
export interface LivenessNode {
  readonly apps: Iterable<{ readonly sessions: ReadonlyMap<unknown, Session> }>;
  end(session: Session, error: ClosingError): void;
}

/**
 * Looks after every connection, again and again: one timer in all instead of one per connection. The client
 * is asked in both ways, because a frozen page still answers the WebSocket ping, and some clients answer
 * only the event.
 */
export function watchLiveness(clock: Clock, policy: LivenessPolicy, node: LivenessNode): Cancel {
  const intervalMs = Math.max(leastIntervalMs, policy.pongTimeoutMs / 10);
  const look = (): void => {
    const at = clock.now();
    for (const { sessions } of node.apps) {
      for (const session of sessions.values()) {
        const verdict = judge(session, policy, at);
        if (verdict === 'dead') node.end(session, pongNotReceived);
        if (verdict === 'ping') ask(session, at);
      }
    }
    cancel = clock.after(intervalMs, look);
  };
  let cancel = clock.after(intervalMs, look);
  return () => cancel();
}

function ask(session: Session, at: Millis): void {
  session.pingedAt = at;
  session.socket.send(pingFrame);
  session.socket.ping();
}
