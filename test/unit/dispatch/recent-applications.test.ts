import { expect, test } from 'vitest';
import { RecentApplications } from '../../../src/dispatch/recent-applications.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { application } from '../../support/unit/application.ts';

const rememberMs = 1000;
const one = application({ id: '1' });
const two = application({ id: '2' });

/** The ids of the apps that a new dispatcher would serve at first, configured or not. */
const idsOf = (recent: RecentApplications): readonly string[] => recent.all.map(({ id }) => id);

test('an app that was removed is known until its departures have expired', async () => {
  const clock = new FakeClock();
  const recent = new RecentApplications(clock, rememberMs, [one, two]);
  recent.replace([one]);
  expect(recent.configured).toEqual([one]);
  await clock.advance(rememberMs - 1);
  expect(idsOf(recent)).toEqual(['1', '2']);
  await clock.advance(1);
  expect(idsOf(recent)).toEqual(['1']);
});

test('another change does not make a removed app known for longer, nor for less long', async () => {
  const clock = new FakeClock();
  const recent = new RecentApplications(clock, rememberMs, [one, two]);
  recent.replace([one]);
  await clock.advance(rememberMs / 2);
  recent.replace([]);
  expect(idsOf(recent)).toEqual(['2', '1']);
  await clock.advance(rememberMs / 2);
  expect(idsOf(recent)).toEqual(['1']);
});

test('an app that returns is configured, once, as it is now', () => {
  const recent = new RecentApplications(new FakeClock(), rememberMs, [one]);
  recent.replace([]);
  const again = application({ id: '1' });
  recent.replace([again]);
  expect(recent.all).toEqual([again]);
  expect(recent.all[0]).toBe(again);
});
