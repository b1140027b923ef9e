import { expect, test } from 'vitest';
import { PartitionKeys } from '../../../src/store/redis/keys.ts';
import { Terminations } from '../../../src/store/redis/channels/terminations.ts';
import { FakeClock } from '../../support/fake-clock.ts';

// A walk found this: the connection was lost between the registration, which had noticed the loss, and the writes after it.
test('terminations that Redis has lost are written again once it can be reached, and only once', async () => {
  const clock = new FakeClock();
  const written: string[] = [];
  let isReachable = true;
  const terminations = new Terminations({
    clock,
    keys: new PartitionKeys('prefix:', 0),
    head: () => ['', 'topic'],
    terminate: () => {},
    run: (name, _keys, args) => {
      if (!isReachable) return Promise.reject(new Error('Connection is closed.'));
      written.push(`${name} ${args.slice(3).join(' ')}`);
      return Promise.resolve(['ok']);
    },
  });
  await terminations.end('a1', 'anna');
  await clock.advance(5000);

  isReachable = false;
  await terminations.endAgain();
  await terminations.retry();
  isReachable = true;
  await terminations.retry();
  await terminations.retry();
  expect(written).toEqual(['terminate 0 a1 anna', 'terminate 5000 a1 anna']);
});
