import { expect, test } from 'vitest';
import { Replica, type ChannelChange, type Snapshot } from '../../../src/store/redis/channels/replica.ts';

const event = (data: string): ChannelChange & { kind: 'event' } => ({
  kind: 'event',
  event: { name: 'news', data },
  ttlMs: 1000,
  except: undefined,
  mark: `node/${data}`,
});

const snapshot = (revision: number, data: string): Snapshot => ({
  revision,
  members: new Map(),
  cached: { event: { name: 'news', data }, remainingMs: 1000 },
  missRemainsMs: 0,
});

const dataOf = (changes: ReturnType<Replica['merge']>) =>
  changes.map((one) => (one.kind === 'event' ? one.event.data : one.kind));

/** A replica that is at revision 1 and then untrusted. */
function untrusted(): Replica {
  const replica = new Replica(new Map());
  replica.merge(snapshot(1, 'one'), 0);
  replica.distrust(1);
  return replica;
}

test('publishes events received while untrusted with the next snapshot, in order, and the last of them once', () => {
  const replica = untrusted();
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

test('publishes a missed event if the snapshot contains it, after the received ones', () => {
  const replica = untrusted();
  replica.apply(2, event('two'), 0);
  expect(dataOf(replica.merge(snapshot(3, 'three'), 0))).toEqual(['two', 'three']);
});

test('does not publish again what was published before it became untrusted', () => {
  const replica = untrusted();
  replica.apply(1, event('one'), 0);
  expect(dataOf(replica.merge(snapshot(1, 'one'), 0))).toEqual([]);
  replica.distrust(1);
  replica.apply(1, event('one'), 0);
  expect(dataOf(replica.merge(snapshot(2, 'two'), 0))).toEqual(['two']);
});

test('publishes nothing from before its first snapshot', () => {
  const replica = new Replica(new Map());
  replica.apply(2, event('two'), 0);
  expect(dataOf(replica.merge(snapshot(3, 'three'), 0))).toEqual([]);
  expect(replica.cached(0)?.data).toBe('three');
});
