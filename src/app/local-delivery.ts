import type { Fanout } from '../ports/fanout.ts';
import type { PublishTopic } from '../ports/socket.ts';
import { terminated, type ClosingError } from '../protocol/errors.ts';
import type { LocalApps } from './local-app.ts';
import type { Session } from './session.ts';

/**
 * Delivers to the subscribers on this node, and so is the whole fan-out of a single one. The transport
 * publishes natively; to leave a socket out, the publish comes from that socket, which works only while it
 * holds the channel, and is needed only then.
 */
export function createLocalDelivery(
  apps: LocalApps,
  publishTopic: PublishTopic,
  end: (session: Session, error: ClosingError) => void,
): Fanout {
  return {
    publish(appId, channel, frame, except) {
      const app = apps.byId(appId);
      if (app === undefined) return;
      const topic = app.topic(channel);
      const excepted = except === undefined ? undefined : app.sessions.get(except);
      if (excepted?.socket.publishToOthers(topic, frame) !== true) publishTopic(topic, frame);
    },
    terminate(appId, userId) {
      for (const session of apps.byId(appId)?.sessionsOf(userId) ?? []) end(session, terminated);
    },
  };
}
