import { describe, expect, it } from 'vitest';
import type { ConsoleRow } from '../../../src/views/server.ts';
import {
  clear,
  emptyTail,
  hold,
  prepend,
  receive,
  receiveHistory,
  release,
  topOf,
  type Tail,
} from '../../../src/dashboard/page/console/console-tail.ts';

const row = (seq: number, channel = 'orders'): ConsoleRow => ({
  seq,
  atMs: seq,
  appId: 'app',
  type: 'published',
  channel,
  text: `row ${seq}`,
});

const rows = (from: number, to: number, skipped = 0) => ({
  rows: Array.from({ length: to - from + 1 }, (_, index) => row(from + index)),
  skipped,
  keptSinceMs: 0,
});

const keys = (tail: Tail) => tail.lines.map(({ key }) => key);

describe('The tail of the console', () => {
  it('adds rows, and ignores those that a resumed stream repeats', () => {
    const tail = receive(receive(emptyTail, rows(1, 3)), rows(2, 5));
    expect(keys(tail)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('marks where rows are missing', () => {
    const tail = receive(receive(emptyTail, rows(1, 1)), rows(8, 8, 6));
    expect(tail.lines[1]).toEqual({ kind: 'gap', key: 'gap-8', skipped: 6 });
    expect(keys(tail)).toEqual(['1', 'gap-8', '8']);
  });

  it('moves nothing while it is held, counts new rows, and shows them on release', () => {
    const held = receive(hold(receive(emptyTail, rows(1, 2))), rows(3, 5, 10));
    expect(keys(held)).toEqual(['1', '2']);
    expect(held.waitingCount).toBe(13);
    expect(keys(release(held))).toEqual(['1', '2', 'gap-3', '3', '4', '5']);
    expect(release(held)).toMatchObject({ waitingCount: 0, isHeld: false });
  });

  it('shows the history even if a row is already selected', () => {
    const tail = receive(receiveHistory(hold(emptyTail), rows(1, 3)), rows(4, 5));
    expect(keys(tail)).toEqual(['1', '2', '3']);
    expect(tail).toMatchObject({ isHeld: true, waitingCount: 2 });
  });

  it('keeps at most a thousand lines, shown and waiting each', () => {
    const shown = receive(emptyTail, rows(1, 3000));
    expect(shown.lines).toHaveLength(1000);
    const held = receive(hold(shown), rows(3001, 6000));
    expect(held.waiting).toHaveLength(1000);
    expect(held.waitingCount).toBe(3000);
    expect(keys(release(held)).at(-1)).toBe('6000');
  });

  it('continues after a restart of the server, which numbers its rows from the beginning', () => {
    const before = receive(emptyTail, rows(500, 501));
    const after = receive(before, { ...rows(1, 2), isRestarted: true });
    expect(keys(after)).toEqual(['500', '501', 'restart-1', '1-1', '1-2']);
    expect(keys(receiveHistory(before, rows(1, 2)))).toEqual(keys(after));
    expect(
      keys(receive(receiveHistory(before, { rows: [], skipped: 0, keptSinceMs: 0 }), rows(1, 1))),
    ).toEqual(['500', '501', 'restart-1', '1-1']);
    expect(keys(receiveHistory(before, rows(400, 501)))).toEqual(['500', '501']);
  });

  it('says that rows may be missing before a history that is cut', () => {
    const before = receive(emptyTail, rows(1, 2));
    expect(keys(receiveHistory(before, rows(7, 8), true))).toEqual(['1', '2', 'missing-after-2', '7', '8']);
    expect(keys(receiveHistory(before, rows(7, 8)))).toEqual(['1', '2', '7', '8']);
    expect(keys(receiveHistory(before, rows(2, 8), true))).not.toContain('missing-after-2');
    expect(keys(receiveHistory(emptyTail, rows(7, 8), true))).toEqual(['7', '8']);
    expect(keys(release(receiveHistory(hold(before), rows(7, 8), true)))).toContain('missing-after-2');
  });

  it('adds older rows at the beginning', () => {
    const tail = prepend(receive(emptyTail, rows(10, 11)), rows(7, 10).rows);
    expect(keys(tail)).toEqual(['7', '8', '9', '10', '11']);
  });

  it('shows new rows after it was cleared', () => {
    const tail = receive(clear(receive(emptyTail, rows(1, 5))), rows(4, 6));
    expect(keys(tail)).toEqual(['6']);
  });

  it('counts the most frequent values', () => {
    const tail = receive(emptyTail, {
      rows: [row(1, 'b'), row(2, 'a'), row(3, 'b')],
      skipped: 0,
      keptSinceMs: 0,
    });
    expect(topOf(tail.lines, ({ channel }) => channel)).toEqual([
      { value: 'b', count: 2 },
      { value: 'a', count: 1 },
    ]);
  });
});
