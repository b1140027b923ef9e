import type { ChannelName } from '../protocol/channel-name.ts';
import type { Batch } from './batch.ts';
import type { Lane } from './lane.ts';

/** A lane, and the batch that must be done with before its first event is sent. */
export interface LaneContents {
  readonly lane: Lane;
  readonly blockedBy: Batch | undefined;
}

/** What waits in a queue, to be looked at: nothing of it may be changed. */
export interface QueueContents {
  /** Lanes with events, those that wait longest first; not all of them if there are many. */
  readonly lanes: readonly LaneContents[];
  readonly laneCount: number;
  /** Batches that are not done with, in the order in which they were made; likewise. */
  readonly batches: readonly Batch[];
  readonly batchCount: number;
}

/** Finds the batch behind which each of these lanes waits. It costs a look at the channels of every batch. */
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

/** The first of many. */
export function take<T>(items: Iterable<T>, most: number): readonly T[] {
  const taken: T[] = [];
  if (most <= 0) return taken;
  for (const item of items) {
    taken.push(item);
    if (taken.length === most) break;
  }
  return taken;
}
