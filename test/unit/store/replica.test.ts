import { expect, test } from 'vitest';
import { Replica, type ChannelChange, type Snapshot } from '../../../src/store/redis/channels/replica.ts';

const event = (data: string): ChannelChange & { kind: 'event' } => ({
  kind: 'event',
  event: { name: 'news', data },
  ttlMs: 1000,
  except: undefined,
});

const snapshot = (revision: number, data: string): Snapshot => ({
  revision,
  members: new Map(),
  cached: { event: { name: 'news', data }, remainingMs: 1000 },
  missRemainsMs: 0,
});

const dataOf = (told: ReturnType<Replica['merge']>) =>
  told.map((one) => (one.kind === 'event' ? one.event.data : one.kind));

/** As of revision 1, and then in doubt. */
function doubtful(): Replica {
  const replica = new Replica();
  replica.merge(snapshot(1, 'one'), 0);
  replica.distrust(1);
  return replica;
}

test('events that come while nothing is trusted are told with the next snapshot, in order, the last of it once', () => {
  const replica = doubtful();
  for (const [revision, data] of [
    [2, 'two'],
    [3, 'three'],
    [4, 'four'],
  ] as const) {
    expect(replica.apply(revision, event(data), 0)).toEqual([]);
  }
  expect(dataOf(replica.merge(snapshot(3, 'three'), 0))).toEqual(['two', 'three', 'four']);
  expect(replica.cached(0)?.data).toBe('four');
});

test('an event that was missed is told as far as the snapshot has it, behind those that were heard', () => {
  const replica = doubtful();
  replica.apply(2, event('two'), 0);
  expect(dataOf(replica.merge(snapshot(3, 'three'), 0))).toEqual(['two', 'three']);
});

test('what was told before the doubt is not told again', () => {
  const replica = doubtful();
  replica.apply(1, event('one'), 0);
  expect(dataOf(replica.merge(snapshot(1, 'one'), 0))).toEqual([]);
  replica.distrust(1);
  replica.apply(1, event('one'), 0);
  expect(dataOf(replica.merge(snapshot(2, 'two'), 0))).toEqual(['two']);
});

test('who is the first to subscribe is told nothing of what was before', () => {
  const replica = new Replica();
  replica.apply(2, event('two'), 0);
  expect(dataOf(replica.merge(snapshot(3, 'three'), 0))).toEqual([]);
  expect(replica.cached(0)?.data).toBe('three');
});
