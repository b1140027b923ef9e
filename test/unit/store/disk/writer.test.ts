import { describe, expect, it } from 'vitest';
import type { Changes } from '../../../../src/store/disk/changes.ts';
import { Writer, type Progress } from '../../../../src/store/disk/writer.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';

interface Commit extends Progress {
  readonly changes: Changes;
}

/** A writer whose transactions continue when the test lets them. */
function stage(sync: 'process' | 'disk' = 'process') {
  const clock = new FakeClock();
  const commits: Commit[] = [];
  const reports: string[] = [];
  let turn: (() => void)[] = [];
  const writer = new Writer({
    sync,
    clock,
    endOfTurn: (run) => void turn.push(run),
    commit: (changes, progress) => void commits.push({ changes, ...progress }),
    onFailure: (reason) => void reports.push(`failure: ${reason}`),
    onRecovery: () => void reports.push('recovery'),
    prepare() {},
  });
  const rows = (index: number): unknown[] =>
    [...(commits[index]?.changes ?? [])].map(([table, changed]) => [table, ...changed]);
  return {
    clock,
    commits,
    reports,
    writer,
    rows,
    endTurn(): void {
      const ended = turn;
      turn = [];
      for (const run of ended) run();
    },
    /** The current result of a promise. */
    async outcome(promise: Promise<boolean>): Promise<boolean | 'open'> {
      await settle();
      return Promise.race([promise, Promise.resolve('open' as const)]);
    },
  };
}

describe('the writer of the store', () => {
  it('writes what nobody waits for after 20 ms, all of it in one transaction', async () => {
    const { writer, clock, commits, rows } = stage();
    writer.put('outbox', 1, 'a');
    await clock.advance(15);
    writer.put('announced', 'x', 'b');
    writer.put('announced', 'x', 'c');
    await clock.advance(4);
    expect(commits).toHaveLength(0);
    await clock.advance(1);
    expect(commits).toHaveLength(1);
    expect(rows(0)).toEqual([
      ['outbox', [1, 'a']],
      ['announced', ['x', 'c']],
    ]);
  });

  it('writes what is awaited soon within 5 ms, and now at the end of the turn', async () => {
    const { writer, clock, commits, endTurn } = stage();
    writer.put('meta', 'a', '1');
    void writer.safe('soon');
    await clock.advance(5);
    expect(commits).toHaveLength(1);
    commits[0]?.ended(undefined);
    writer.put('meta', 'b', '1');
    void writer.safe('soon');
    void writer.safe('now');
    endTurn();
    expect(commits).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('gives all who wait for one transaction the same promise', () => {
    const { writer } = stage();
    writer.put('meta', 'a', '1');
    expect(writer.safe('now')).toBe(writer.safe('soon'));
  });

  it('reports safety once a transaction is visible, or once it is on the disk, as configured', async () => {
    for (const sync of ['process', 'disk'] as const) {
      const { writer, commits, endTurn, outcome } = stage(sync);
      writer.put('meta', 'a', '1');
      const safe = writer.safe('now');
      endTurn();
      expect(await outcome(safe)).toBe('open');
      // A call during this transaction waits for the same one.
      const again = writer.safe('soon');
      commits[0]?.visible();
      expect(await outcome(safe)).toBe(sync === 'process' ? true : 'open');
      expect(await outcome(again)).toBe(sync === 'process' ? true : 'open');
      commits[0]?.ended(undefined);
      expect(await outcome(safe)).toBe(true);
      expect(await outcome(again)).toBe(true);
      expect(await outcome(writer.safe('now'))).toBe(true);
    }
  });

  it('begins no transaction before the previous one is visible, and has at most two in progress', async () => {
    const { writer, clock, commits } = stage();
    const next = async (key: string): Promise<void> => {
      writer.put('meta', key, '1');
      await clock.advance(20);
    };
    await next('a');
    await next('b');
    expect(commits).toHaveLength(1);
    commits[0]?.visible();
    expect(commits).toHaveLength(2);
    commits[1]?.visible();
    await next('c');
    await next('d');
    expect(commits).toHaveLength(2);
    commits[0]?.ended(undefined);
    expect(commits).toHaveLength(3);
    expect([...(commits[2]?.changes.get('meta')?.keys() ?? [])]).toEqual(['c', 'd']);
  });

  it('writes nothing for a number that was removed before it was written', async () => {
    const { writer, clock, commits, outcome } = stage();
    writer.put('outbox', 7, 'a');
    const safe = writer.safe('soon');
    writer.remove('outbox', 7);
    await clock.advance(100);
    expect(commits).toHaveLength(0);
    expect(await outcome(safe)).toBe(true);
    writer.put('outbox', 8, 'b');
    await clock.advance(20);
    expect(commits).toHaveLength(1);
  });

  it('removes a number that is on disk, was found there or is being written', async () => {
    const { writer, clock, commits, rows } = stage();
    writer.found('outbox', 7);
    writer.remove('outbox', 7);
    writer.put('outbox', 8, 'a');
    await clock.advance(20);
    writer.remove('outbox', 8);
    commits[0]?.visible();
    await clock.advance(20);
    expect(rows(0)).toEqual([['outbox', [7, undefined], [8, 'a']]]);
    expect(rows(1)).toEqual([['outbox', [8, undefined]]]);
  });

  it('keeps what could not be written below newer values, and retries with growing delays', async () => {
    const { writer, clock, commits, reports, rows, outcome } = stage();
    writer.put('meta', 'a', 'old');
    writer.put('meta', 'b', 'old');
    const safe = writer.safe('soon');
    await clock.advance(5);
    writer.put('meta', 'b', 'new');
    const later = writer.safe('soon');
    commits[0]?.ended('disk full');
    expect(await outcome(safe)).toBe(false);
    expect(await outcome(later)).toBe(false);
    expect(await outcome(writer.safe('now'))).toBe(false);
    expect(writer.failure).toBe('disk full');

    const waits: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const began = clock.now();
      while (commits.length === attempt) await clock.advance(50);
      waits.push(clock.now() - began);
      commits[attempt]?.ended('still full');
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    writer.put('meta', 'c', 'new');
    await clock.advance(5000);
    expect(rows(9)).toEqual([['meta', ['b', 'new'], ['a', 'old'], ['c', 'new']]]);
    expect(reports).toEqual(['failure: disk full']);
    writer.put('meta', 'd', 'new');
    commits[9]?.visible();
    commits[9]?.ended(undefined);
    expect(reports).toEqual(['failure: disk full', 'recovery']);
    expect(writer.failure).toBeUndefined();
    await clock.advance(20);
    expect(rows(10)).toEqual([['meta', ['d', 'new']]]);
  });

  it('does not write again what a later transaction has written already', async () => {
    const { writer, clock, commits, reports, rows, outcome } = stage('disk');
    writer.put('meta', 'a', '1');
    writer.put('meta', 'b', '1');
    await clock.advance(20);
    commits[0]?.visible();
    writer.put('meta', 'b', '2');
    const safe = writer.safe('soon');
    await clock.advance(5);
    commits[1]?.visible();
    // The disk refuses the flush of the first one.
    commits[0]?.ended('input/output error');
    expect(await outcome(safe)).toBe(false);
    await clock.advance(100);
    commits[1]?.ended(undefined);
    expect(reports).toEqual(['failure: input/output error']);
    expect(rows(2)).toEqual([['meta', ['a', '1']]]);
    commits[2]?.ended(undefined);
    expect(reports).toEqual(['failure: input/output error', 'recovery']);
  });

  it('writes what is left when it is closed, and reports what it could not write', async () => {
    const { writer, commits, clock } = stage();
    writer.put('meta', 'a', '1');
    const closed = writer.close();
    await settle();
    commits[0]?.ended(undefined);
    expect(await closed).toBe(0);
    expect(clock.pending).toBe(0);

    const full = stage();
    full.writer.put('meta', 'a', '1');
    const failed = full.writer.close();
    await settle();
    full.commits[0]?.ended('disk full');
    expect(await failed).toBe(1);
    expect(full.clock.pending).toBe(0);
  });

  it('tries once more when it is closed, although it has failed before', async () => {
    const { writer, commits, clock } = stage();
    writer.put('meta', 'a', '1');
    await clock.advance(20);
    commits[0]?.ended('disk full');
    const closed = writer.close();
    await settle();
    commits[1]?.ended(undefined);
    expect(await closed).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
