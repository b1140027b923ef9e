import { expect, test } from 'vitest';
import { Journal } from '../../../../src/emulator/record/journal.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const fill = (journal: Journal, texts: readonly string[], appId = 'a') => {
  for (const data of texts) {
    journal.witness.published(appId, { name: 'e', data, channels: [] }, 'api');
  }
};
const texts = (journal: Journal, appId?: string) =>
  journal.part(appId).entries.map((entry) => (entry.kind === 'published' ? entry.data : entry.kind));

test('the journal keeps the latest entries and counts the lost ones of each app', () => {
  const journal = new Journal(new FakeClock(), { count: 3, bytes: 1_000_000 });
  fill(journal, ['1', '2'], 'a');
  journal.add(undefined, { kind: 'clock advanced', ms: 5 });
  fill(journal, ['3', '4'], 'b');
  expect(texts(journal)).toEqual(['clock advanced', '3', '4']);
  expect([journal.part().lost, journal.part('a').lost, journal.part('b').lost]).toEqual([2, 2, 0]);
  expect(texts(journal, 'a')).toEqual(['clock advanced']);
  journal.clear('a');
  expect([journal.part().lost, texts(journal)]).toEqual([0, ['clock advanced', '3', '4']]);
  expect(texts(journal, 'a')).toEqual([]);
  expect(texts(journal, 'b')).toEqual(['clock advanced', '3', '4']);
  journal.add(undefined, { kind: 'clock advanced', ms: 6 });
  expect(texts(journal, 'a')).toEqual(['clock advanced']);
  journal.clear();
  expect(texts(journal)).toEqual([]);
});

test('an app that was reset misses no entry from before its reset, even if that is deleted later', () => {
  const journal = new Journal(new FakeClock(), { count: 3, bytes: 1_000_000 });
  const advance = (ms: number) => journal.add(undefined, { kind: 'clock advanced', ms });
  const lost = () => ['a', 'b'].map((appId) => journal.part(appId).lost);
  [1, 2, 3, 4].forEach(advance);
  expect(lost()).toEqual([1, 1]);
  journal.clear('a');
  expect(lost()).toEqual([0, 1]);
  [5, 6, 7].forEach(advance);
  expect(lost()).toEqual([0, 4]);
  advance(8);
  expect(lost()).toEqual([1, 5]);
  journal.clear();
  [1, 2, 3, 4].forEach(advance);
  expect(lost()).toEqual([1, 1]);
});

test('the memory of the journal is bounded', () => {
  const journal = new Journal(new FakeClock(), { count: 1000, bytes: 10_000 });
  fill(
    journal,
    Array.from({ length: 50 }, (_, index) => String(index).padEnd(2000, ' ')),
  );
  expect(texts(journal).map((text) => text.trim())).toEqual(['46', '47', '48', '49']);
  expect(journal.part().lost).toBe(46);
});

test('a frozen journal keeps what it has', () => {
  const journal = new Journal(new FakeClock());
  fill(journal, ['1']);
  journal.freeze();
  fill(journal, ['2']);
  expect(texts(journal)).toEqual(['1']);
});
