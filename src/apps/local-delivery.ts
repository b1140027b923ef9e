import type { Clock, Millis } from '../ports/clock.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { PublishTopic } from '../ports/socket.ts';
import { terminated, type ClosingError } from '../protocol/errors.ts';
import type { LocalApps } from './local-app.ts';
import type { Session } from './session.ts';

/** What delivery on this node needs. */
export interface LocalDeliveryOptions {
  readonly apps: LocalApps;
  readonly clock: Clock;
  readonly publishTopic: PublishTopic;
  readonly end: (session: Session, error: ClosingError) => void;
}

/** Reaches the connections of this node. */
export interface LocalDelivery extends Fanout {
  terminate(appId: string, userId: string): 'done';
  /** Closes those connections of a user that signed in longer ago than this. */
  terminateOlder(this: void, appId: string, userId: string, longerAgoThanMs: Millis): void;
}

/**
 * Delivers to the subscribers on this node, which is the complete fan-out of a single node. To leave a socket out, the publish
 * is made by that socket.
 */
export function createLocalDelivery({ apps, clock, publishTopic, end }: LocalDeliveryOptions): LocalDelivery {
  return {
    publish(appId, channel, encode, except) {
      const app = apps.byId(appId);
      if (app === undefined) return;
      const excepted = except === undefined ? undefined : app.sessions.get(except);
      if (!app.hasReceivers(channel, excepted)) return;
      const topic = app.topic(channel);
      const frame = encode(channel);
      if (excepted === undefined) publishTopic(topic, frame);
      else excepted.socket.publishToOthers(topic, frame);
    },
    terminate(appId, userId) {
      for (const session of apps.byId(appId)?.sessionsOf(userId) ?? []) end(session, terminated);
      return 'done';
    },
    terminateOlder(appId, userId, longerAgoThanMs) {
      const before = clock.now() - longerAgoThanMs;
      for (const session of apps.byId(appId)?.sessionsOf(userId) ?? []) {
        if (session.signedInAt <= before) end(session, terminated);
      }
    },
  };
}
