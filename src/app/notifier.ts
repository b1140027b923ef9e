import type { Notice } from '../ports/ledger.ts';
import type { PublishTopic } from '../ports/socket.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { encodeMemberAdded, encodeMemberRemoved } from '../protocol/encode.ts';
import type { LocalApps } from './local-app.ts';

/** Tells the subscribers on this node who came and who went, at once and encoded once. */
export function createNotifier(
  apps: LocalApps,
  publishTopic: PublishTopic,
): (appId: string, channel: ChannelName, notice: Notice) => void {
  return (appId, channel, notice) => {
    const app = apps.byId(appId);
    if (app === undefined) return;
    const frame =
      notice.kind === 'member-added'
        ? encodeMemberAdded(channel, notice.member)
        : encodeMemberRemoved(channel, notice.userId);
    publishTopic(app.topic(channel), frame);
  };
}
