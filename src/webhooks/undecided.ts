import type { ChannelName } from '../protocol/channel-name.ts';
import type { QueuedEvent } from './lane.ts';

/** An unfinished batch. */
interface UndecidedBatch {
  readonly events: readonly QueuedEvent[];
  readonly lanes: readonly { readonly channel: ChannelName }[];
  readonly attempts: number;
  readonly state: 'in-flight' | 'waiting' | 'done';
  readonly nextAttemptAt: number;
}

/** The undecided events of an endpoint's queue. */
export interface Undecided {
  /** In the order in which they were created. */
  readonly batches: Iterable<UndecidedBatch>;
  readonly backlog: {
    /** The channels with events that wait or are being delivered. */
    readonly channels: Iterable<ChannelName>;
    waitingOf(channel: ChannelName): readonly QueuedEvent[];
  };
}

/** The waiting events of a channel, in order. It looks at each batch. */
export function waitingOf({ batches, backlog }: Undecided, channel: ChannelName): readonly QueuedEvent[] {
  const waiting: QueuedEvent[] = [];
  for (const batch of batches) {
    if (isIn(batch, channel)) waiting.push(...batch.events.filter(({ event }) => event.channel === channel));
  }
  return [...waiting, ...backlog.waitingOf(channel)];
}

/** The first batch with events of the channel; undefined if there is none. */
export function batchOf({ batches }: Undecided, channel: ChannelName): UndecidedBatch | undefined {
  for (const batch of batches) if (isIn(batch, channel)) return batch;
  return undefined;
}

/** The channels with waiting events, some of them twice. Changes during the iteration may be missed. */
export function* channelsWaiting({ batches, backlog }: Undecided): Generator<ChannelName, void> {
  for (const { lanes } of Array.from(batches)) for (const { channel } of lanes) yield channel;
  yield* backlog.channels;
}

function isIn({ lanes }: UndecidedBatch, channel: ChannelName): boolean {
  return lanes.some((lane) => lane.channel === channel);
}
