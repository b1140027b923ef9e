import type { ChannelName } from '../protocol/channel-name.ts';
import type { QueuedEvent } from './lane.ts';

/** A batch that is not done with. */
interface UndecidedBatch {
  readonly events: readonly QueuedEvent[];
  readonly lanes: readonly { readonly channel: ChannelName }[];
  readonly attempts: number;
  readonly state: 'in-flight' | 'waiting' | 'done';
  readonly nextAttemptAt: number;
}

/** What an endpoint's queue has not decided. */
export interface Undecided {
  /** In the order in which they were made. */
  readonly batches: Iterable<UndecidedBatch>;
  readonly backlog: {
    /** The channels of which something waits, or is on its way. */
    readonly channels: Iterable<ChannelName>;
    waitingOf(channel: ChannelName): readonly QueuedEvent[];
  };
}

/** What waits of a channel, in order. It costs a look at every batch. */
export function waitingOf({ batches, backlog }: Undecided, channel: ChannelName): readonly QueuedEvent[] {
  const waiting: QueuedEvent[] = [];
  for (const batch of batches) {
    if (isIn(batch, channel)) waiting.push(...batch.events.filter(({ event }) => event.channel === channel));
  }
  return [...waiting, ...backlog.waitingOf(channel)];
}

/** The first batch with events of the channel; undefined: there is none. */
export function batchOf({ batches }: Undecided, channel: ChannelName): UndecidedBatch | undefined {
  for (const batch of batches) if (isIn(batch, channel)) return batch;
  return undefined;
}

/** The channels of which something waits, some of them twice. What comes or goes meanwhile may be missing. */
export function* channelsWaiting({ batches, backlog }: Undecided): Generator<ChannelName, void> {
  for (const { lanes } of Array.from(batches)) for (const { channel } of lanes) yield channel;
  yield* backlog.channels;
}

function isIn({ lanes }: UndecidedBatch, channel: ChannelName): boolean {
  return lanes.some((lane) => lane.channel === channel);
}
