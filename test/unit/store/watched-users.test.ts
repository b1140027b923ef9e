import { expect, test } from 'vitest';
import { PartitionKeys } from '../../../src/store/redis/keys.ts';
import { PartitionUsers } from '../../../src/store/redis/channels/users.ts';
import type { RedisLedgerOptions } from '../../../src/store/redis/link/surroundings.ts';
import type { Registration } from '../../../src/store/redis/channels/registration.ts';

/** The users of a partition. The test determines when requests to Redis are answered. */
function createUsers() {
  const notified: string[] = [];
  const requests: { answer: (revision: number, isOnline: boolean) => void; fail: () => void }[] = [];
  const options = {
    link: {
      run: () =>
        new Promise((resolve, reject) => {
          requests.push({
            answer: (revision, isOnline) => resolve([revision, isOnline ? 1 : 0]),
            fail: () => reject(new Error('Redis is away')),
          });
        }),
    },
    notifyWatchers: (_appId: string, userId: string, state: string) => notified.push(`${userId} ${state}`),
  } as unknown as RedisLedgerOptions;
  // No step reaches Redis.
  const registration = { step: () => Promise.resolve(undefined) } as unknown as Registration;
  const users = new PartitionUsers(options, registration, new PartitionKeys('test:', 0), () => {});
  const next = () => {
    const request = requests.shift();
    if (request === undefined) throw new Error('nothing was requested');
    return request;
  };
  return { users, notified, next };
}

test('an answer from before a missed notice does not count for a later request', async () => {
  const { users, notified, next } = createUsers();
  const watching = users.watch('1', 'anna');
  const first = next();
  // Anna comes online at revision 7, and the notice is lost.
  const reading = users.readAll();
  const second = next();
  first.answer(5, false);
  await watching;
  second.answer(7, true);
  expect(await reading).toBe(true);
  expect(users.isOnline('1', 'anna')).toBe(true);
  expect(notified).toEqual(['anna online']);
});

test('an answer that is older than a notice changes nothing', async () => {
  const { users, notified, next } = createUsers();
  const watching = users.watch('1', 'anna');
  users.apply('1', 'anna', { revision: 7, isOnline: true });
  next().answer(5, false);
  await watching;
  expect(users.isOnline('1', 'anna')).toBe(true);
  expect(notified).toEqual([]);
});

test('a watcher that was answered while Redis was away is notified once the user is known to be online', async () => {
  const { users, notified, next } = createUsers();
  const watching = users.watch('1', 'anna');
  next().fail();
  await watching;
  expect(users.isOnline('1', 'anna')).toBe(false);
  const reading = users.readAll();
  next().answer(7, true);
  await reading;
  expect(notified).toEqual(['anna online']);
});

test('a watcher that was answered with a sign-in which Redis never received is notified that the user is offline', async () => {
  const { users, notified, next } = createUsers();
  await users.signIn('1', 'anna');
  const watching = users.watch('1', 'anna');
  next().fail();
  await watching;
  expect(users.isOnline('1', 'anna')).toBe(true);
  users.signOut('1', 'anna');
  const reading = users.readAll();
  next().answer(7, false);
  await reading;
  expect(notified).toEqual(['anna offline']);
});

test('a watcher that was answered with a sign-in is not notified of the same sign-in again', async () => {
  const { users, notified, next } = createUsers();
  await users.signIn('1', 'anna');
  const watching = users.watch('1', 'anna');
  next().fail();
  await watching;
  users.apply('1', 'anna', { revision: 7, isOnline: true });
  expect(notified).toEqual([]);
});

// A walk found this: the other partitions did not register again, so nothing read the user.
test('a watcher that was answered during a short loss of the connection is notified after the next heartbeat', async () => {
  const { users, notified, next } = createUsers();
  const watching = users.watch('1', 'anna');
  next().fail();
  await watching;
  const reading = users.readFailed();
  next().answer(7, true);
  await reading;
  expect(notified).toEqual(['anna online']);
  await users.readFailed();
  expect(next).toThrow('nothing was requested');
});

// Walks found this: the watchlist still contained the user when there was memory again, because Redis had never known the user.
test('watchers are notified of users of their node although Redis takes no step', async () => {
  const { users, notified, next } = createUsers();
  const watching = users.watch('1', 'anna');
  next().answer(7, false);
  await watching;
  await users.signIn('1', 'anna');
  users.signOut('1', 'anna');
  expect(notified).toEqual(['anna online', 'anna offline']);
});

// A walk found this: the second watcher was answered with the sign-in, and then notified of it.
test('a watcher that signs in as the watched user is not notified of that once more', async () => {
  const { users, notified, next } = createUsers();
  const first = users.watch('1', 'anna');
  next().answer(7, false);
  await first;
  await users.signIn('1', 'anna');
  await users.watch('1', 'anna');
  expect(notified).toEqual(['anna online']);
  users.apply('1', 'anna', { revision: 8, isOnline: true });
  expect(notified).toEqual(['anna online']);
});
