import type { Notice } from '../ports/attendance.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { UserState } from '../ports/online-users.ts';
import type { PublishTopic } from '../ports/socket.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import {
  encodeMemberAdded,
  encodeMemberRemoved,
  encodeSubscriptionCount,
  encodeWatchlistEvents,
  eventEncoder,
} from '../protocol/encode.ts';
import type { LocalApps } from './local-app.ts';

/** Tells the clients of this node what the ledger says, at once and encoded once. */
export interface Notifier {
  /** Tells the subscribers of a presence or cache channel. */
  notify(this: void, appId: string, channel: ChannelName, notice: Notice): void;
  /** Tells the subscribers of a channel how many they are. */
  notifyCount(this: void, appId: string, channel: ChannelName, count: number): void;
  /** Tells those who watch the user. */
  notifyWatchers(this: void, appId: string, userId: string, state: UserState): void;
}

/** `local` delivers to the subscribers on this node. */
export function createNotifier(
  apps: LocalApps,
  publishTopic: PublishTopic,
  local: Pick<Fanout, 'publish'>,
): Notifier {
  return {
    notify(appId, channel, notice) {
      const except = notice.kind === 'event' ? notice.except : undefined;
      local.publish(appId, channel, () => encode(channel, notice), except);
    },
    notifyCount(appId, channel, count) {
      local.publish(appId, channel, () => encodeSubscriptionCount(channel, count));
    },
    notifyWatchers(appId, userId, state) {
      const app = apps.byId(appId);
      if (app === undefined || !app.config.watchlist) return;
      const users = { online: [], offline: [], [state]: [userId] };
      publishTopic(app.watchTopic(userId), encodeWatchlistEvents(users));
    },
  };
}

function encode(channel: ChannelName, notice: Notice): string {
  switch (notice.kind) {
    case 'member-added':
      return encodeMemberAdded(channel, notice.member);
    case 'member-removed':
      return encodeMemberRemoved(channel, notice.userId);
    case 'event':
      return eventEncoder(notice.event.name, notice.event.data)(channel);
  }
}
