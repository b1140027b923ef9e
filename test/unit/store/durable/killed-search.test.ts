import { expect, test } from 'vitest';
import { TurnBudget } from '../../../../src/structures/turn-budget.ts';
import { defaultPolicy } from '../../../support/property/delivery-shell.ts';
import { FakeDisk } from '../../../support/property/fake-disk.ts';
import { Stack } from '../../../support/property/stack.ts';
import { FakeTurns } from '../../../support/turns.ts';
import { application, endpoint } from '../../../support/unit/application.ts';

const url = 'http://b/';
const app = application({ id: '1', endpoints: [endpoint({ url, reconcile: true })] });
const bare = { ...app, endpoints: [] };
const options = { policy: defaultPolicy, restartGraceMs: 1000 };

test('an endpoint that was added just before a kill receives who has left, and who was there before', async () => {
  const disk = new FakeDisk();
  const turns = new FakeTurns();
  const searchSteps = new TurnBudget(1, turns.nextTurn);
  // It only creates the receiver.
  const before = new Stack({ applications: [app], ...options });
  before.kill();
  const stack = new Stack({ applications: [bare], ...options, disk, searchSteps, before });
  await stack.start();
  const early = stack.connect(bare);
  for (let count = 0; count < 40; count += 1) early.subscribe(`room-${count}`);
  await stack.clock.advance(5000);
  stack.reload([app]);
  await stack.clock.advance(0);
  // The search does not come to its end.
  expect(turns.isAwaited).toBe(true);
  const receiver = stack.receivers.get(url);
  const members = ['u7', 'u8'].map((userId) => {
    const member = stack.connect(app);
    member.subscribe('presence-room', userId);
    return member;
  });
  await stack.clock.advance(5000);
  expect(receiver?.taken).toHaveLength(3);
  receiver?.downUntil(stack.clock.now() + 20_000);
  // The second departure waits behind a delivery that fails.
  for (const member of members) {
    member.unsubscribe('presence-room');
    await stack.clock.advance(5000);
  }
  stack.kill();
  const next = new Stack({ applications: [app], ...options, disk, before: stack });
  await next.start();
  const again = next.connect(app);
  for (let count = 0; count < 40; count += 1) again.subscribe(`room-${count}`);
  await next.clock.advance(120_000);
  const later = receiver?.taken
    .slice(3)
    .map(({ name, channel, user_id: user = '' }) => `${name} ${channel} ${user}`);
  const rooms = Array.from({ length: 40 }, (_, count) => `channel_occupied room-${count} `);
  const departures = [
    'channel_vacated presence-room ',
    'member_removed presence-room u7',
    'member_removed presence-room u8',
  ];
  expect(later?.toSorted()).toEqual([...rooms, ...departures].toSorted());
});
