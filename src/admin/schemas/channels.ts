import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import type {
  ChannelDetail,
  ChannelPage,
  ChannelView,
  ConnectionView,
  SpanView,
  TimelineView,
} from '../../views/channels.ts';
import { attemptCourse, attemptNumber, deliveryStatus } from './deliveries.ts';
import { keptSince } from './server.ts';
import { count, oneOf, ref, viewOf, type OptionalFields, type RequiredFields } from './view-schema.ts';

const channelHas = {
  name: text,
  kind: oneOf<ChannelView['kind']>({ public: true, private: true, encrypted: true, presence: true }),
  isCache: flag,
} as const satisfies RequiredFields<ChannelView>;

const channelMayHave = {
  subscriptionCount: described(count, 'Absent if it is not known at the moment.'),
  userCount: described(
    count,
    'The number of members of a presence channel. Absent if it is not known at the moment.',
  ),
} as const satisfies OptionalFields<ChannelView>;

const channelDetail = viewOf<ChannelDetail>(
  {
    ...channelHas,
    occupied: flag,
    connections: described(listOf(ref('Connection')), 'Subscribers that are connected to this node.'),
  },
  {
    ...channelMayHave,
    userIds: described(listOf(text), 'The members of a presence channel.'),
    cache: described(
      viewOf<NonNullable<ChannelDetail['cache']>>({
        data: text,
        ttlSeconds: described({ type: 'number' }, 'How long it is still kept.'),
      }),
      'The cached event of a cache channel.',
    ),
  },
);

const connection = described(
  viewOf<ConnectionView>(
    {
      socketId: text,
      channels: listOf(
        viewOf<ConnectionView['channels'][number]>(
          { name: text },
          { userId: described(text, 'The user id of the connection as a member of the channel.') },
        ),
      ),
    },
    { userId: described(text, 'The user that is signed in, or the member of the channel.') },
  ),
  'A connection to this node.',
);

const span = viewOf<SpanView>(
  { state: oneOf<SpanView['state']>({ present: true, lingering: true }), fromMs: millis('When it began.') },
  {
    toMs: millis('When it ended. Absent while it lasts.'),
    beganBefore: {
      const: true,
      description: 'It began before the first kept record, and fromMs is the time of that record.',
    },
    deadlineMs: millis('The end of the grace period, if the state is lingering.'),
  },
);

type TimelineDelivery = TimelineView['deliveries'][number];
const { atMs, result, elapsedMs, status } = attemptCourse;

const timelineDelivery = viewOf<TimelineDelivery>({
  id: text,
  endpoint: text,
  status: deliveryStatus,
  eventIds: listOf(count),
  attempts: listOf(
    viewOf<TimelineDelivery['attempts'][number]>(
      { number: attemptNumber, atMs, result },
      { elapsedMs, status },
    ),
  ),
});

const timeline = described(
  viewOf<TimelineView>(
    {
      channel: text,
      fromMs: millis('The start of the timeline.'),
      toMs: millis('The end of the timeline.'),
      keptSinceMs: keptSince,
      skipped: described(count, 'Records that were skipped since then, because too much happened at once.'),
      rows: described(
        listOf(
          viewOf<TimelineView['rows'][number]>(
            { spans: listOf(ref('Span')) },
            { userId: described(text, 'The member. Absent for the channel itself.') },
          ),
        ),
        'The channel first, then its members.',
      ),
      events: described(listOf(ref('Event')), 'The webhook events of the channel with their outcomes.'),
      deliveries: described(
        listOf(timelineDelivery),
        'The deliveries that contain one of the events, with their attempts.',
      ),
    },
    { moreRows: described(count, 'How many more members are not shown.') },
  ),
  'The recorded history of a channel and its members.',
);

/** The schemas of views/channels.ts. */
export const channelSchemas = {
  Channel: viewOf<ChannelView>(channelHas, channelMayHave),
  ChannelPage: viewOf<ChannelPage>(
    { items: listOf(ref('Channel')) },
    { next: described(text, 'The value of after for the next page. Absent on the last page.') },
  ),
  ChannelDetail: channelDetail,
  Connection: connection,
  Timeline: timeline,
  Span: span,
} as const satisfies Record<string, Schema>;
