import { ChannelPage } from './channels/channel-page.tsx';
import { ChannelList } from './channels/channel-list.tsx';
import type { PageProps } from './shell/pages.tsx';

/** The occupied channels of an app, or one of its channels. */
export function ChannelsPage({ app, rest: [channel] }: PageProps) {
  return channel === undefined ? (
    <ChannelList app={app} />
  ) : (
    <ChannelPage key={channel} app={app} channel={channel} />
  );
}
