import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { LedgerDriver, Subscriber } from './ledger-driver.ts';
import type { LedgerModel } from './ledger-model.ts';
import { known } from '../known.ts';

export type LedgerCommand = fc.AsyncCommand<LedgerModel, LedgerDriver>;

const apps = ['a1', 'a2'];
const connections = ['c1', 'c2', 'c3', 'c4'];
const users = ['u1', 'u2', 'u3'];
const plainChannels = ['room', 'private-cache-state', 'cache-unheard'];
const presenceChannels = ['presence-room', 'presence-cache-room'];
const allChannels = [...plainChannels, ...presenceChannels];
const graces = [3000, 3000, 0, 1000, 5000];
const steps = [1, 500, 999, 1000, 1500, 2999, 3000, 3001, 7000, 60_000, 299_999, 300_000];

/** The settings that the commands assume. */
export const walkOptions = {
  memberLimit: 2,
  cacheTtlMs: 100_000,
  unwanted: new Set(['cache-unheard']),
};

function join(subscriber: Subscriber): LedgerCommand {
  return {
    check: (model) => !model.isSubscribed(subscriber),
    async run(model, driver) {
      const answer = await driver.join(subscriber);
      const expected = model.join(subscriber);
      assert.equal(answer.kind, expected.kind);
      if (answer.kind !== 'joined' || expected.kind !== 'joined') return;
      assert.equal(answer.cached?.data, expected.cached);
      const members = [...(answer.members ?? [])].map(([id, member]) => [id, member.infoJson]);
      assert.deepEqual(Object.fromEntries(members), Object.fromEntries(expected.members));
    },
    toString: () => `join(${name(subscriber)}${subscriber.userId ? `, ${subscriber.userId}` : ''})`,
  };
}

/** Repeats a report, as after a lost connection to the store. */
function joinAgain(subscriber: Subscriber): LedgerCommand {
  return {
    check: (model) => model.isSubscribed(subscriber),
    async run(model, driver) {
      const userId = model.userOf(subscriber);
      await driver.report({ ...subscriber, ...(userId !== undefined && { userId }) }, false);
    },
    toString: () => `joinAgain(${name(subscriber)})`,
  };
}

function leave(subscriber: Subscriber, graceMs: number): LedgerCommand {
  return {
    check: (model) => model.isSubscribed(subscriber),
    async run(model, driver) {
      await leaveBoth(subscriber, graceMs, { model, driver });
    },
    toString: () => `leave(${name(subscriber)}, ${graceMs})`,
  };
}

/** Reports the absence of a subscriber that is not there. */
function leaveUnjoined(subscriber: Subscriber, graceMs: number): LedgerCommand {
  return {
    check: (model) => model.channel(subscriber.appId, subscriber.channel).live.length === 0,
    async run(_model, driver) {
      const { appId, userId } = subscriber;
      const channel = subscriber.channel as ChannelName;
      const member = userId === undefined ? {} : { member: { userId, lingersMs: graceMs } };
      await driver.ledger.leave({ appId, channel, channelLingersMs: graceMs, ...member });
    },
    toString: () => `leaveUnjoined(${name(subscriber)}, ${graceMs})`,
  };
}

function disconnect(appId: string, connection: string, graceMs: number): LedgerCommand {
  return {
    check: (model) => model.subscriptionsOf(appId, connection).length > 0,
    async run(model, driver) {
      for (const channel of model.subscriptionsOf(appId, connection)) {
        await leaveBoth({ appId, connection, channel }, graceMs, { model, driver });
      }
    },
    toString: () => `disconnect(${appId}, ${connection}, ${graceMs})`,
  };
}

async function leaveBoth(
  subscriber: Subscriber,
  graceMs: number,
  { model, driver }: { model: LedgerModel; driver: LedgerDriver },
): Promise<void> {
  const userId = model.userOf(subscriber);
  await driver.leave({ ...subscriber, ...(userId !== undefined && { userId }) }, graceMs);
  model.leave(subscriber, graceMs);
}

function advance(ms: number): LedgerCommand {
  return {
    check: () => true,
    async run(model, driver) {
      await driver.advance(ms);
      model.advance(ms);
    },
    toString: () => `advance(${ms})`,
  };
}

function cacheEvent(appId: string, channel: string, data: string): LedgerCommand {
  return {
    check: () => true,
    async run(model, driver) {
      await driver.ledger.cacheEvent(appId, channel as ChannelName, { name: 'state', data });
      model.cacheEvent(appId, channel, data);
    },
    toString: () => `cacheEvent(${appId}, ${channel}, ${data})`,
  };
}

/** A cache_miss reached no endpoint: the last one (`back` 0) or an earlier one. */
function forgetCacheMiss(appId: string, channel: string, back: number): LedgerCommand {
  return {
    check: (model) => model.channel(appId, channel).misses > back,
    async run(model, driver) {
      const number = model.channel(appId, channel).misses - 1 - back;
      const episode = driver.episodes.get(`${appId}/${channel}`)?.[number];
      expect(episode).toBeDefined();
      await driver.ledger.forgetCacheMiss(appId, channel as ChannelName, episode ?? '');
      model.forgetCacheMiss(appId, channel, number);
    },
    toString: () => `forgetCacheMiss(${appId}, ${channel}, ${back} ago)`,
  };
}

function signIn(appId: string, userId: string, watched: readonly string[]): LedgerCommand {
  return {
    check: () => true,
    async run(model, driver) {
      const online = await driver.ledger.signIn({ appId, userId, watched });
      assert.deepEqual([...online].toSorted(), model.signIn(appId, userId, watched).toSorted());
    },
    toString: () => `signIn(${appId}, ${userId}, [${watched.join(' ')}])`,
  };
}

function signOut(appId: string, userId: string): LedgerCommand {
  return {
    check: () => true,
    async run(model, driver) {
      await driver.ledger.signOut(appId, userId);
      model.signOut(appId, userId);
    },
    toString: () => `signOut(${appId}, ${userId})`,
  };
}

function look(appId: string, channel: string): LedgerCommand {
  return {
    check: () => true,
    async run(model, driver) {
      const { occupied, userIds, cache } = known(await driver.ledger.channel(appId, channel as ChannelName));
      const state = { occupied, userIds: userIds.toSorted(), cache: cache && `${cache.data} ${cache.ttl}` };
      assert.deepEqual(state, model.state(appId, channel));
      const names = known(await driver.ledger.occupiedChannels(appId, 'presence-'));
      const expected = model.occupied(appId).filter((one) => one.startsWith('presence-'));
      assert.deepEqual(names.toSorted(), expected.toSorted());
    },
    toString: () => `look(${appId}, ${channel})`,
  };
}

function name({ appId, connection, channel }: Subscriber): string {
  return `${appId}, ${connection}, ${channel}`;
}

const app = fc.constantFrom(...apps, 'a1', 'a1');
const connection = fc.constantFrom(...connections);
const cacheChannel = fc.constantFrom(...allChannels.filter((channel) => channel.includes('cache-')));
const user = fc.constantFrom(...users);
const grace = fc.constantFrom(...graces);
const subscriber = fc.oneof(
  fc.record({ appId: app, connection, channel: fc.constantFrom(...plainChannels) }),
  fc.record({
    appId: app,
    connection,
    channel: fc.constantFrom(...presenceChannels),
    userId: user,
  }),
);

/** Random sequences of commands. Joins, leaves and time weigh more than the rest. */
export const ledgerCommands = fc.commands(
  [
    subscriber.map(join),
    subscriber.map(join),
    subscriber.map(join),
    subscriber.map(joinAgain),
    fc.tuple(subscriber, grace).map(([one, ms]) => leave(one, ms)),
    fc.tuple(subscriber, grace).map(([one, ms]) => leave(one, ms)),
    fc.tuple(subscriber, grace).map(([one, ms]) => leaveUnjoined(one, ms)),
    fc.tuple(app, connection, grace).map(([appId, one, ms]) => disconnect(appId, one, ms)),
    fc.constantFrom(...steps).map(advance),
    fc.constantFrom(...steps).map(advance),
    fc.integer({ min: 1, max: 4000 }).map(advance),
    fc.tuple(app, cacheChannel, fc.constantFrom('"1"', '"2"')).map((args) => cacheEvent(...args)),
    fc.tuple(app, cacheChannel, fc.constantFrom(0, 0, 1)).map((args) => forgetCacheMiss(...args)),
    fc.tuple(app, user, fc.subarray(users)).map((args) => signIn(...args)),
    fc.tuple(app, user).map((args) => signOut(...args)),
    fc.tuple(app, fc.constantFrom(...allChannels)).map((args) => look(...args)),
  ],
  { maxCommands: 60, size: 'max' },
);
