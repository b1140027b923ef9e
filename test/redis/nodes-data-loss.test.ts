import { expect } from 'vitest';
import { testWalks } from '../support/redis/test-walks.ts';
import { faultsWithLoss } from '../support/redis/walk-steps.ts';

testWalks('converge after Redis has lost everything: all present users are reported, and clients see them', {
  steps: faultsWithLoss,
  count: 10,
  expectTrueFacts(walk) {
    const { occupied, members } = walk.truth();
    expect([...occupied].filter((channel) => !walk.occupied.has(channel))).toEqual([]);
    expect([...members].filter((member) => !walk.members.has(member))).toEqual([]);
  },
});
