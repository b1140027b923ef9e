import { describe, expect, test } from 'vitest';
import type { ConsoleRows } from '../../../src/views/server.ts';
import { consoleStage as stage, trigger } from '../../support/unit/console-stage.ts';
import { startsAtMs } from '../../support/unit/recording.ts';

describe('the live stream', () => {
  test('sends new rows ten times a second, and has no timer without listeners', () => {
    const { clock, witness, listen } = stage({ perSecond: Infinity });
    witness.published('1', trigger('before'), 'api');
    expect(clock.pending).toBe(0);
    const { received, subscription } = listen();
    witness.published('1', trigger('a'), 'api');
    witness.published('1', trigger('b'), 'api');
    expect(received).toEqual([]);
    clock.advanceSync(100);
    expect(received.map(({ rows }) => rows.map(({ name }) => name))).toEqual([['a', 'b']]);
    expect(clock.pending).toBe(0);
    subscription.close();
    witness.published('1', trigger('c'), 'api');
    expect([clock.pending, received.length]).toEqual([0, 1]);
  });

  test('sends each listener the rows that it requested', () => {
    const { clock, witness, listen } = stage();
    const settings = listen({ types: new Set(['setting']) });
    const other = listen({ appId: '2' });
    const all = listen();
    witness.published('1', trigger('a'), 'api');
    clock.advanceSync(100);
    expect([settings.received.length, other.received.length, all.received.length]).toEqual([0, 0, 1]);
    witness.setting('2', 'changed');
    clock.advanceSync(100);
    expect([settings.received.length, other.received.length, all.received.length]).toEqual([1, 1, 2]);
  });

  test('shows only the newest rows of a batch that is too large to read', () => {
    const { clock, witness, listen } = stage({ perSecond: Infinity });
    const { received } = listen();
    for (let count = 0; count < 300; count += 1) witness.published('1', trigger(`${count}`), 'api');
    clock.advanceSync(100);
    expect(received[0]?.rows).toHaveLength(200);
    expect(received[0]?.rows.at(-1)?.name).toBe('299');
    expect(received[0]?.skipped).toBe(100);
  });

  test('waits for a slow listener, and continues after the last row that it received', () => {
    const { clock, witness, listen } = stage();
    let takesMore = false;
    const received: ConsoleRows[] = [];
    const { subscription } = listen({
      onRows(rows) {
        received.push(rows);
        return takesMore;
      },
    });
    witness.published('1', trigger('a'), 'api');
    clock.advanceSync(100);
    witness.published('1', trigger('b'), 'api');
    clock.advanceSync(1000);
    expect(received).toHaveLength(1);
    takesMore = true;
    subscription.resume();
    clock.advanceSync(100);
    expect(received[1]?.rows.map(({ name }) => name)).toEqual(['b']);
  });

  test('resumes after the last row that was seen', async () => {
    const { clock, feed, witness, listen } = stage();
    for (const name of ['a', 'b', 'c']) witness.published('1', trigger(name), 'api');
    const [first] = (await feed.read({ limit: 3 })).rows;
    const { received } = listen({ since: first?.seq });
    clock.advanceSync(100);
    expect(received).toMatchObject([{ skipped: 0, rows: [{ name: 'b' }, { name: 'c' }] }]);
    const { received: nothing } = listen({ since: (await feed.read({ limit: 1 })).rows[0]?.seq });
    clock.advanceSync(100);
    expect(nothing).toEqual([]);
  });

  test('reports that rows were deleted', async () => {
    const { clock, feed, witness, listen } = stage({ capacity: 10, perSecond: Infinity });
    witness.published('1', trigger('seen'), 'api');
    const since = (await feed.read({ limit: 1 })).rows[0]?.seq;
    for (let count = 0; count < 25; count += 1) witness.published('1', trigger(`${count}`), 'api');
    const { received } = listen({ since });
    clock.advanceSync(100);
    expect(received[0]).toMatchObject({ skipped: 15 });
    expect(received[0]?.rows).toHaveLength(10);
    const { received: calm } = listen({ since, types: new Set(['setting']) });
    witness.setting('1', 'changed');
    clock.advanceSync(100);
    expect(calm).toMatchObject([{ skipped: 0, rows: [{ text: 'changed' }] }]);
  });

  test.each([
    ['an earlier run of the server', startsAtMs * 1000 - 10],
    ['a number that was never assigned', startsAtMs * 1000 + 10],
  ])('reports that the server was restarted: %s', (_title, since) => {
    const { clock, witness, listen } = stage();
    witness.published('1', trigger('a'), 'api');
    const { received } = listen({ since });
    clock.advanceSync(100);
    expect(received).toMatchObject([{ isRestarted: true, rows: [{ name: 'a' }] }]);
  });

  test('refuses the seventeenth listener', () => {
    const { feed, listen } = stage();
    const listeners = Array.from({ length: 16 }, () => listen());
    const refused = feed.subscribe({ onRows: () => true });
    expect(refused).toEqual({
      message:
        'the live stream has 16 readers already, which is the limit: close another page of the Dashboard or another reader',
    });
    listeners[0]?.subscription.close();
    listen();
    expect(feed.listeners).toBe(16);
    feed.close();
    expect(feed.listeners).toBe(0);
  });
});
