import type {
  ChannelDetail,
  ChannelPage,
  ChannelView,
  ConnectionView,
  SpanView,
  TimelineView,
} from '../../../../src/views/channels.ts';
import { event } from './deliveries.ts';
import type { Full } from './full.ts';

const connection: Full<ConnectionView> = {
  socketId: '1.2',
  userId: 'u',
  channels: [{ name: 'presence-a', userId: 'u' }],
};

const channel: Full<ChannelView> = {
  name: 'presence-a',
  kind: 'presence',
  isCache: false,
  subscriptionCount: 1,
  userCount: 1,
};

const channelDetail: Full<ChannelDetail> = {
  ...channel,
  occupied: true,
  userIds: ['u'],
  cache: { data: '{}', ttlSeconds: 1799.5 },
  connections: [connection],
};

const span: Full<SpanView> = { state: 'lingering', fromMs: 1, toMs: 2, beganBefore: true, deadlineMs: 3 };

const timeline: Full<TimelineView> = {
  channel: 'presence-a',
  fromMs: 1,
  toMs: 2,
  keptSinceMs: 0,
  skipped: 0,
  rows: [{ userId: 'u', spans: [span] }],
  moreRows: 1,
  events: [event],
  deliveries: [
    {
      id: 'msg_1',
      endpoint: 'e',
      status: 'pending',
      eventIds: [1],
      attempts: [{ number: 1, atMs: 1, elapsedMs: 2, result: 'timeout', status: 200 }],
    },
  ],
};

/** Samples of the schemas of schemas/channels.ts. */
export const channelSamples = {
  Channel: channel,
  ChannelPage: { items: [channel], next: 'n' } satisfies Full<ChannelPage>,
  ChannelDetail: channelDetail,
  Connection: connection,
  Timeline: timeline,
  Span: span,
} as const;
