import type { Operation } from '../operations/operation.ts';
import type { Clock } from '../ports/clock.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { viewTimeline, type TimelineSource } from '../recording/timeline.ts';
import { channelOf } from './channel-operations.ts';
import { appOf, type ChannelParts } from './parts.ts';
import { ref } from './schemas.ts';

/** What the operation on timelines needs. */
export interface TimelineParts extends ChannelParts, TimelineSource {
  readonly clock: Pick<Clock, 'now'>;
  readonly showsPayloads: boolean;
}

/** The operation that reads the timeline of a channel. */
export function timelineOperations(parts: TimelineParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/apps/{app}/channels/{channel}/timeline',
      id: 'readTimeline',
      summary: 'The history of a channel: presence, the webhook events that followed, and their deliveries.',
      answer: ref('Timeline'),
      async run(question) {
        const appId = appOf(parts, question).config.id;
        const channel = channelOf(parts, question);
        const state = await parts.ledger.channel(appId, channel);
        return viewTimeline(parts, {
          appId,
          channel,
          state: isUnavailable(state) ? undefined : state,
          showing: { payloads: parts.showsPayloads, headerValues: question.isFull },
        });
      },
    },
  ];
}
