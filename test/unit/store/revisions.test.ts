import { expect, test } from 'vitest';
import { Revisions } from '../../../src/store/redis/channels/revisions.ts';

test('a notice that names another revision before it than the last shows that some are missing, or that Redis has lost some', () => {
  const revisions = new Revisions();
  revisions.startFrom(10);
  expect(revisions.noticed({ previous: 10, revision: 20 })).toBe(false);
  expect(revisions.noticed({ previous: 30, revision: 40 })).toBe(true);
  // Redis has lost the notice with the revision 40.
  expect(revisions.noticed({ previous: 30, revision: 50 })).toBe(true);
  expect(revisions.noticed({ previous: 50, revision: 60 })).toBe(false);
  expect(revisions.last).toBe(60);
});

test('a heartbeat with a higher revision shows that notices are missing', () => {
  const revisions = new Revisions();
  revisions.startFrom(10);
  expect(revisions.reported(10)).toBe(false);
  expect(revisions.reported(20)).toBe(true);
  expect(revisions.reported(20)).toBe(false);
});

test('the highest revision may come from an answer whose notice has not arrived', () => {
  const revisions = new Revisions();
  revisions.startFrom(10);
  revisions.answered(30);
  expect([revisions.last, revisions.highest]).toEqual([10, 30]);
});
