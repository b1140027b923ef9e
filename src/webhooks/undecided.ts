import type { ChannelName } from '../protocol/channel-name.ts';
import type { QueuedEvent } from './lane.ts';

/** A batch that is not done with. */
interface UndecidedBatch {
  readonly events: readonly QueuedEvent[];
  readonly channels: ReadonlySet<ChannelName>;
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
  for (const { channels, events } of batches) {
    if (channels.has(channel)) waiting.push(...events.filter(({ event }) => event.channel === channel));
  }
  return [...waiting, ...backlog.waitingOf(channel)];
}

/** The first batch with events of the channel; undefined: there is none. */
export function batchOf({ batches }: Undecided, channel: ChannelName): UndecidedBatch | undefined {
  for (const batch of batches) if (batch.channels.has(channel)) return batch;
  return undefined;
}

/** The channels of which something waits, some of them twice. What comes or goes meanwhile may be missing. */
export function* channelsWaiting({ batches, backlog }: Undecided): Generator<ChannelName, void> {
  for (const { channels } of Array.from(batches)) yield* channels;
  yield* backlog.channels;
}
