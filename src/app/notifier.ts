import type { Notice, UserState } from '../ports/ledger.ts';
import type { PublishTopic } from '../ports/socket.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { encodeMemberAdded, encodeMemberRemoved, encodeWatchlistEvents } from '../protocol/encode.ts';
import type { LocalApps } from './local-app.ts';

/** Tells the clients of this node who came and who went, at once and encoded once. */
export interface Notifier {
  /** Tells the subscribers of a presence channel. */
  notify(this: void, appId: string, channel: ChannelName, notice: Notice): void;
  /** Tells those who watch the user. */
  notifyWatchers(this: void, appId: string, userId: string, state: UserState): void;
}

export function createNotifier(apps: LocalApps, publishTopic: PublishTopic): Notifier {
  return {
    notify(appId, channel, notice) {
      const app = apps.byId(appId);
      if (app === undefined) return;
      const frame =
        notice.kind === 'member-added'
          ? encodeMemberAdded(channel, notice.member)
          : encodeMemberRemoved(channel, notice.userId);
      publishTopic(app.topic(channel), frame);
    },
    notifyWatchers(appId, userId, state) {
      const app = apps.byId(appId);
      if (app === undefined || !app.config.watchlist) return;
      const users = { online: [], offline: [], [state]: [userId] };
      publishTopic(app.watchTopic(userId), encodeWatchlistEvents(users));
    },
  };
}
