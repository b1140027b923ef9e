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

/** Sends the ledger's notices to the clients of this node, immediately and encoded once. */
export interface Notifier {
  /** Notifies the subscribers of a presence or cache channel. */
  notify(this: void, appId: string, channel: ChannelName, notice: Notice): void;
  /** Sends the subscribers of a channel their count. */
  notifyCount(this: void, appId: string, channel: ChannelName, count: number): void;
  /** Notifies the watchers of the user. */
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
