import { expect, test } from 'vitest';
import { readReported } from '../../../src/store/redis/deliveries/reported.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import type { RedisLink } from '../../../src/store/redis/link/link.ts';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import { FakeTurns, nextTurn } from '../../support/turns.ts';

test('however many channels have something due, only some of them are read in one turn', async () => {
  const turns = new FakeTurns();
  const found = Array.from({ length: 1000 }, (_, number) => `room-${number}`);
  const reads: string[] = [];
  const run: RedisLink['run'] = async (name) => {
    if (name === 'list-reported') return [0, ...found];
    reads.push(name);
    return [1];
  };
  const [keys] = allPartitions('test:');
  if (keys === undefined) throw new Error('there is no partition');
  const pace = new TurnBudget(100, turns.nextTurn);
  const page = readReported({ link: { run }, pace, present: () => '' }, keys, '1').next();
  await nextTurn();
  expect(reads).toHaveLength(100);
  while (reads.length < found.length) {
    turns.turn();
    await nextTurn();
  }
  expect((await page).value).toHaveLength(found.length);
});
