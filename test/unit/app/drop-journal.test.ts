import { describe, expect, test } from 'vitest';
import { DropJournal } from '../../../src/app/drop-journal.ts';
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
  test('is empty for an app of which nothing was dropped', () => {
    expect(new DropJournal().read('1')).toEqual({ dropped: [], forgotten: 0 });
  });

  test.each([1, 999, 1000, 1001, 1999, 2000, 2001, 5500])(
    'of %i drops remembers the last thousand, oldest first, and counts the rest',
    (count) => {
      const journal = new DropJournal();
      for (let number = 1; number <= count; number += 1) journal.add('1', drop(number));
      const { dropped, forgotten } = journal.read('1');
      const kept = Math.min(count, 1000);
      expect(dropped.map(({ timeMs }) => timeMs)).toEqual(
        Array.from({ length: kept }, (_, index) => count - kept + index + 1),
      );
      expect(forgotten).toBe(count - kept);
    },
  );

  test('keeps the apps apart', () => {
    const journal = new DropJournal();
    for (let number = 0; number < 3000; number += 1) journal.add('flood', drop(number));
    journal.add('1', drop(7));
    expect(journal.read('1')).toEqual({ dropped: [drop(7)], forgotten: 0 });
  });
});
