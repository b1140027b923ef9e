import { expect, it } from 'vitest';
import {
  newChannelRecord,
  newMemberRecord,
  type ChannelRecord,
} from '../../../src/channels/channel-record.ts';
import { PriorStateSearch } from '../../../src/reconcile/prior-state-search.ts';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import { Debts } from '../../../src/webhooks/debts.ts';
import { FakeTurns } from '../../support/turns.ts';
import { settle } from '../../support/fake-clock.ts';
import { channelName, endpoint } from '../../support/unit/application.ts';

/** Channels that webhooks have reported as occupied, the first by a member. */
function announced(count: number): Map<string, ChannelRecord> {
  const records = new Map<string, ChannelRecord>();
  for (let number = 0; number < count; number += 1) {
    const name = `presence-${number}`;
    const record = newChannelRecord('1', channelName(name), true);
    record.isAnnounced = true;
    records.set(name, record);
  }
  return records;
}

function begin(count: number, most = 100_000) {
  const turns = new FakeTurns();
  const debts = new Debts(most, false);
  const noted: string[] = [];
  const prior = new PriorStateSearch({
    debts,
    selection: endpoint(),
    before: undefined,
    former: [],
    why: { kind: 'before', what: 'added', atMs: 0 },
    seq: 1,
    noted: (channel) => void noted.push(channel),
  });
  const records = announced(count);
  const done = prior.find(records.values(), new TurnBudget(10, turns.nextTurn));
  return { turns, debts, prior, records, noted, done };
}

/** Turns until nobody waits for one. */
async function finish(turns: FakeTurns): Promise<void> {
  for (await settle(); turns.isAwaited; await settle()) turns.turn();
}

it('finds what was reported before an endpoint was added, in as many turns as have room for it', async () => {
  const { turns, debts, noted, done } = begin(1000);
  expect(debts.channels.length).toBeLessThanOrEqual(110);
  await finish(turns);
  await done;
  expect(turns.count).toBeGreaterThanOrEqual(9);
  expect(debts.channels).toHaveLength(1000);
  expect(noted).toHaveLength(1000);
});

it('determines from the first event meanwhile whether its subject was there before', async () => {
  const { turns, debts, prior, records, done } = begin(1000);
  const left = channelName('presence-999');
  prior.touch({ name: 'channel_vacated', channel: left });
  records.delete(left);
  const arrived = channelName('presence-new');
  prior.touch({ name: 'channel_occupied', channel: arrived });
  const record = newChannelRecord('1', arrived, true);
  record.isAnnounced = true;
  records.set(arrived, record);
  const member = newMemberRecord(record, 'u1');
  member.isAnnounced = true;
  prior.touch({ name: 'member_added', channel: arrived, userId: 'u1' });
  record.members.set('u1', member);
  await finish(turns);
  await done;
  expect(debts.of(left)?.sent.get('')).toMatchObject({ isThere: false });
  expect(debts.of(arrived)).toBeUndefined();
});

it('reports when there is no room for all of it', async () => {
  const { turns, debts, done } = begin(1000, 50);
  await finish(turns);
  await done;
  expect(debts.channels).toHaveLength(50);
  expect(debts.hasOverflowed).toBe(true);
});

it('stops once it is cancelled', async () => {
  const { turns, debts, prior, done } = begin(1000);
  prior.stop();
  await finish(turns);
  await done;
  expect(debts.channels.length).toBeLessThanOrEqual(110);
});
