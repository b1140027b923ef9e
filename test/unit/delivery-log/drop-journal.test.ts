import { describe, expect, test } from 'vitest';
import { DropJournal } from '../../../src/delivery-log/drop-journal.ts';
import { channelName } from '../../support/unit/application.ts';

function drop(number: number) {
  return {
    endpoint: 'main',
    channel: channelName(`news-${number}`),
    name: 'channel_vacated',
    reason: 'expired',
    timeMs: number,
  } as const;
}

describe('the journal of drops', () => {
  test('is empty for an app without drops', () => {
    expect(new DropJournal().read('1')).toEqual({ dropped: [], forgotten: 0 });
  });

  test.each([1, 9999, 10_000, 10_001, 25_000])(
    'of %i channels remembers the last ten thousand, oldest first, and counts the rest',
    (count) => {
      const journal = new DropJournal();
      for (let number = 1; number <= count; number += 1) journal.add('1', drop(number));
      const { dropped, forgotten } = journal.read('1');
      const kept = Math.min(count, 10_000);
      expect(dropped.map(({ timeMs }) => timeMs)).toEqual(
        Array.from({ length: kept }, (_, index) => count - kept + index + 1),
      );
      expect(forgotten).toBe(count - kept);
    },
  );

  test('lets a disabled endpoint push out none of the others, and counts what is forgotten', () => {
    const journal = new DropJournal();
    journal.add('1', drop(1));
    for (let number = 2; number <= 10_004; number += 1) {
      journal.add('1', { ...drop(number), reason: 'disabled' });
    }
    const { dropped, forgotten } = journal.read('1');
    expect(dropped[0]).toMatchObject({ timeMs: 1, reason: 'expired' });
    expect(dropped).toHaveLength(10_001);
    expect(forgotten).toBe(3);
  });

  test('remembers the last drop of each endpoint and channel', () => {
    const journal = new DropJournal();
    journal.add('1', drop(1));
    journal.add('1', drop(2));
    journal.add('1', { ...drop(1), name: 'channel_occupied', timeMs: 3 });
    journal.add('1', { ...drop(1), endpoint: 'other', timeMs: 4 });
    expect(journal.read('1').dropped.map(({ timeMs }) => timeMs)).toEqual([2, 3, 4]);
  });

  test('keeps a dropped departure through a flood of dropped client events', () => {
    const journal = new DropJournal();
    journal.add('1', drop(1));
    for (let number = 2; number < 30_000; number += 1) {
      journal.add('1', { ...drop(number), name: 'client_event' });
    }
    expect(journal.read('1').dropped[0]).toEqual(drop(1));
    expect(journal.read('1').forgotten).toBe(0);
  });

  test('keeps the apps apart', () => {
    const journal = new DropJournal();
    for (let number = 0; number < 30_000; number += 1) journal.add('flood', drop(number));
    journal.add('1', drop(7));
    expect(journal.read('1')).toEqual({ dropped: [drop(7)], forgotten: 0 });
  });
});
