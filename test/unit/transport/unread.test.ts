import { expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/ports/log.ts';
import { UnreadWatch } from '../../../src/transport/unread.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function stage(mostBytes: number, unread: readonly number[]) {
  const clock = new FakeClock();
  const warn = vi.fn();
  const watch = new UnreadWatch(clock, { ...silentLog, warn }, mostBytes);
  const givenUp: number[] = [];
  const readers = unread.map((unreadBytes, index) => {
    const reader = {
      unreadBytes,
      giveUp() {
        givenUp.push(index);
        watch.remove(reader);
      },
    };
    watch.add(reader);
    watch.sent(unreadBytes);
    return reader;
  });
  return { clock, watch, warn, givenUp, readers };
}

test('when too much waits for all, the clients with the most waiting data are closed, and no more of them than necessary', async () => {
  const { clock, givenUp, warn } = stage(100, [0, 30, 90, 10, 60, 0]);
  await clock.advance(999);
  expect(givenUp).toEqual([]);
  await clock.advance(1);
  expect(givenUp).toEqual([2]);
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    { unreadBytes: 190, maxTotalBackpressureBytes: 100, closed: 1 },
    expect.any(String),
  );
  await clock.advance(10_000);
  expect(givenUp).toEqual([2]);
});

test('below the bound, nobody is closed', async () => {
  const { clock, watch, givenUp, readers } = stage(100, [50, 50]);
  await clock.advance(5000);
  expect(givenUp).toEqual([]);
  for (const reader of readers) reader.unreadBytes += 1;
  watch.sentToMany(1);
  await clock.advance(1000);
  expect(givenUp).toHaveLength(1);
});

test('clients are not asked for their waiting data before so much was sent that it may be too much', async () => {
  const { clock, watch, readers } = stage(1000, [0, 0]);
  let reads = 0;
  Object.defineProperty(readers[0], 'unreadBytes', { get: () => (reads += 1) - reads });
  watch.sent(100);
  await clock.advance(10_000);
  expect([clock.pending, reads]).toEqual([0, 0]);
  watch.sentToMany(150);
  await clock.advance(10_000);
  // Once more, because what was sent just before may not have been buffered for its readers.
  expect([clock.pending, reads]).toEqual([0, 2]);
});

test('what was sent just before a check counts until the next one', async () => {
  const { clock, watch, givenUp, readers } = stage(1000, [0, 0]);
  watch.sentToMany(200);
  await clock.advance(1000);
  expect(givenUp).toEqual([]);
  for (const reader of readers) reader.unreadBytes = 600;
  await clock.advance(1000);
  expect(givenUp).toHaveLength(1);
});

test('without clients there is no timer', () => {
  const { clock, watch, readers } = stage(100, [50, 50]);
  expect(clock.pending).toBe(1);
  for (const reader of readers) watch.remove(reader);
  expect(clock.pending).toBe(0);
});
