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
  subscriptionCount: described(count, 'Absent: not known at this moment.'),
  userCount: described(count, 'Presence channels: their members; absent: not known at this moment.'),
} as const satisfies OptionalFields<ChannelView>;

const channelDetail = viewOf<ChannelDetail>(
  {
    ...channelHas,
    occupied: flag,
    connections: described(listOf(ref('Connection')), 'Subscribers that are connected to this node.'),
  },
  {
    ...channelMayHave,
    userIds: described(listOf(text), 'Presence channels: their members.'),
    cache: described(
      viewOf<NonNullable<ChannelDetail['cache']>>({
        data: text,
        ttlSeconds: described({ type: 'number' }, 'How long it is kept.'),
      }),
      'Cache channels: the event that is kept.',
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
          { userId: described(text, 'The member of the channel that it is.') },
        ),
      ),
    },
    { userId: described(text, 'Who is signed in on it, or is a member of the channel by it.') },
  ),
  'A connection to this node.',
);

const span = viewOf<SpanView>(
  { state: oneOf<SpanView['state']>({ present: true, lingering: true }), fromMs: millis('When it began.') },
  {
    toMs: millis('When it ended; absent while it lasts.'),
    beganBefore: {
      const: true,
      description: 'It began earlier than what is kept: fromMs is only since when it is known.',
    },
    deadlineMs: millis('Lingering: when its grace ends.'),
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
      fromMs: millis('When it begins.'),
      toMs: millis('When it ends.'),
      keptSinceMs: keptSince,
      skipped: described(count, 'What was not kept since then, because more happened than is recorded.'),
      rows: described(
        listOf(
          viewOf<TimelineView['rows'][number]>(
            { spans: listOf(ref('Span')) },
            { userId: described(text, 'The member; absent: the channel itself.') },
          ),
        ),
        'The channel first, then its members.',
      ),
      events: described(listOf(ref('Event')), 'Events of the channel, with what became of each.'),
      deliveries: described(
        listOf(timelineDelivery),
        'Deliveries that hold one of the events, attempt by attempt.',
      ),
    },
    { moreRows: described(count, 'So many members more are not shown.') },
  ),
  'What was recorded of a channel, and of its members.',
);

/** The schemas of views/channels.ts. */
export const channelSchemas = {
  Channel: viewOf<ChannelView>(channelHas, channelMayHave),
  ChannelPage: viewOf<ChannelPage>(
    { items: listOf(ref('Channel')) },
    { next: described(text, 'The after of the channels that follow; absent: there are none.') },
  ),
  ChannelDetail: channelDetail,
  Connection: connection,
  Timeline: timeline,
  Span: span,
} as const satisfies Record<string, Schema>;
