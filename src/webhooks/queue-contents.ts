import type { ChannelName } from '../protocol/channel-name.ts';
import type { Batch } from './batch.ts';
import type { Lane } from './lane.ts';

/** A lane, and the unfinished batch that blocks it. */
export interface LaneContents {
  readonly lane: Lane;
  readonly blockedBy: Batch | undefined;
}

/** The contents of a queue, for inspection only. */
export interface QueueContents {
  /** Lanes with events, those that wait longest first. The list is cut if there are many. */
  readonly lanes: readonly LaneContents[];
  readonly laneCount: number;
  /** Unfinished batches, in the order in which they were created. The list is cut if there are many. */
  readonly batches: readonly Batch[];
  readonly batchCount: number;
}

/** Finds the batch that blocks each of these lanes. It looks at the channels of every batch. */
export function findBlockers(lanes: readonly Lane[], batches: Iterable<Batch>): readonly LaneContents[] {
  const blocked = new Set(lanes.filter(({ blockedBy }) => blockedBy > 0).map(({ channel }) => channel));
  const blockers = new Map<ChannelName, Batch>();
  for (const batch of blocked.size > 0 ? batches : []) {
    for (const { channel } of batch.lanes) {
      if (blocked.has(channel) && !blockers.has(channel)) blockers.set(channel, batch);
    }
  }
  return lanes.map((lane) => ({ lane, blockedBy: blockers.get(lane.channel) }));
}

/** The first `most` items. */
export function take<T>(items: Iterable<T>, most: number): readonly T[] {
  const taken: T[] = [];
  if (most <= 0) return taken;
  for (const item of items) {
    taken.push(item);
    if (taken.length === most) break;
  }
  return taken;
}
