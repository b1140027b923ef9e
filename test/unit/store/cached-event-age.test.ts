import { expect, test } from 'vitest';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { silentLog } from '../../../src/ports/log.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { ChannelScripts } from '../../../src/store/redis/channel-scripts.ts';
import { Channels } from '../../../src/store/redis/channels.ts';
import { PartitionKeys } from '../../../src/store/redis/keys.ts';
import type { RedisLink } from '../../../src/store/redis/link.ts';
import { Registration } from '../../../src/store/redis/registration.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('a cached event that goes at once is as new as can be, one that had to wait is as old as it is', async () => {
  const clock = new FakeClock();
  const ages: unknown[] = [];
  let isThere = false;
  // Between any two looks at the clock some time passes.
  const ticking = {
    now: () => {
      clock.advanceSync(0.4);
      return clock.now();
    },
    after: clock.after.bind(clock),
  };
  const keys = new PartitionKeys('test:', 0);
  const run: RedisLink['run'] = async (name, _keys, args) => {
    if (!isThere) throw new Error('away');
    if (name === 'cache') ages.push(args.at(-1));
    return name === 'register' ? ['data', '1', -1] : ['ok'];
  };
  const options = {
    link: { run } as RedisLink,
    keyPrefix: 'test:',
    leaseMs: 10_000,
    graceMs: 3000,
    cacheTtlMs: 60_000,
    clock: ticking,
    log: silentLog,
    metrics: noMetrics,
    newEpoch: () => 'n1',
    notify: () => {},
    notifyCount: () => {},
    notifyWatchers: () => {},
    connectionsElsewhere: () => {},
    terminate: () => {},
    wake: () => {},
    countSubscribers: () => 0,
    countConnections: () => 0,
    tellsCounts: () => false,
  };
  const registration = new Registration({
    ...options,
    run,
    keys,
    present: () => '',
    revision: () => 0,
    registered: () => {},
    failed: () => {},
  });
  const channels = new Channels(
    options,
    registration,
    new ChannelScripts(options, registration, keys),
    () => {},
  );
  const registered = registration.register();
  await Promise.resolve();
  const late = channels.cacheEvent('1', 'cache-a' as ChannelName, { name: 'e', data: '1' });
  isThere = true;
  await clock.advance(1000);
  await Promise.all([registered, late]);
  await channels.cacheEvent('1', 'cache-a' as ChannelName, { name: 'e', data: '2' });
  expect(ages).toEqual([expect.toSatisfy((age: number) => age > 0 && age < 1100), 0]);
});
