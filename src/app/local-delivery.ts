import type { Fanout } from '../ports/fanout.ts';
import type { PublishTopic } from '../ports/socket.ts';
import type { LocalApps } from './local-app.ts';

/**
 * Delivers to the subscribers on this node, and so is the whole fan-out of a single one. The transport
 * publishes natively; to leave a socket out, the publish comes from that socket, which works only while it
 * holds the channel, and is needed only then.
 */
export function createLocalDelivery(apps: LocalApps, publishTopic: PublishTopic): Fanout {
  return {
    publish(appId, channel, frame, except) {
      const app = apps.byId(appId);
      if (app === undefined) return;
      const topic = app.topic(channel);
      const excepted = except === undefined ? undefined : app.sessions.get(except);
      if (excepted?.socket.publishToOthers(topic, frame) !== true) publishTopic(topic, frame);
    },
  };
}
