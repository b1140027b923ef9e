import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { LeadKeys, partitionCount } from '../../src/store/redis/keys.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import {
  compareOwnership,
  noRights,
  readRights,
  type Rights,
} from '../../src/store/redis/deliveries/rights.ts';
import { choosePartitions, largestShare, planTransfers } from '../../src/store/redis/deliveries/sharing.ts';
import { systemClock } from '../../src/system/clock.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

const leaseMs = 4000;
const requestTimeoutMs = 3000;
const nodeCount = 4;

let redis: RedisServer;
let link: RedisLink;
let worlds = 0;
beforeAll(async () => {
  redis = await startRedis();
  link = new RedisLink(
    createRedisClients({ location: { kind: 'single', url: redis.url }, silenceMs: 60_000 }),
  );
  await link.ready(systemClock, 10_000);
});
afterAll(async () => {
  link.close();
  await redis.stop();
});

interface Node {
  readonly id: string;
  rights: Rights;
  /** The partitions that it dispatches. */
  works: Map<number, number>;
  /** Until then it is certain of its leases. */
  until: number;
  isFrozen: boolean;
}

/** Nodes that request leases and give partitions away, at moments that the test chooses. */
class World {
  readonly #lead = new LeadKeys(`rights-${(worlds += 1)}:`).lead;
  readonly nodes: (Node | undefined)[] = [];
  /** Who owned each partition last, and with which token. */
  readonly #last = new Map<number, { readonly owner: string; readonly token: number }>();
  now = 1_700_000_000_000;
  #started = 0;

  start(place: number): void {
    this.#started += 1;
    const id = `n${place}-${this.#started}`;
    this.nodes[place] ??= { id, rights: noRights, works: new Map(), until: 0, isFrozen: false };
  }

  async beat(place: number): Promise<void> {
    const node = this.nodes[place];
    if (node === undefined || node.isFrozen) return;
    const works = [...node.works].flat();
    const args = [String(this.now), node.id, leaseMs, requestTimeoutMs, partitionCount, 0, ...works];
    node.rights = readRights(await link.run('lead', [this.#lead], args));
    const verdict = compareOwnership(node.works, node.rights);
    expect(verdict.kind).not.toBe('forgotten');
    for (const [index, { token }] of node.rights.partitions) {
      // A new owner has a later token than all before.
      const last = this.#last.get(index);
      if (last?.owner === node.id) assert.ok(token >= last.token, `${token} is before ${last.token}`);
      else assert.ok(token > (last?.token ?? 0), `${token} is not later than ${last?.token}`);
      this.#last.set(index, { owner: node.id, token });
    }
    node.works = new Map([...node.rights.partitions].map(([index, { token }]) => [index, token]));
    node.until = this.now + leaseMs;
    this.check();
  }

  async share(place: number): Promise<void> {
    const node = this.nodes[place];
    if (node === undefined || node.isFrozen) return;
    for (const { recipient, count } of planTransfers(node.rights.nodes, node.id)) {
      const given = choosePartitions(node.works.keys(), count, [], true) ?? [];
      for (const index of given) node.works.delete(index);
      const most = largestShare(node.rights.nodes);
      await link.run(
        'give',
        [this.#lead],
        [String(this.now), node.id, node.rights.token, recipient, 0, most, ...given],
      );
    }
  }

  async leave(place: number): Promise<void> {
    const node = this.nodes[place];
    if (node === undefined || node.isFrozen) return;
    await link.run('give', [this.#lead], [String(this.now), node.id, node.rights.token, '', 0, 0]);
    this.nodes[place] = undefined;
  }

  kill(place: number): void {
    this.nodes[place] = undefined;
  }

  /** No two nodes are certain to own the same partition. */
  check(): void {
    const owners = new Map<number, string>();
    for (const node of this.nodes) {
      if (node === undefined || this.now >= node.until) continue;
      for (const index of node.works.keys()) {
        assert.equal(owners.get(index), undefined, `another owner of ${index} beside ${node.id}`);
        owners.set(index, node.id);
      }
    }
  }

  async settle(): Promise<void> {
    for (const node of this.nodes) if (node !== undefined) node.isFrozen = false;
    for (let round = 0; round < 40; round += 1) {
      this.now += leaseMs / 10;
      for (const place of this.nodes.keys()) {
        await this.beat(place);
        await this.share(place);
      }
    }
    for (const place of this.nodes.keys()) await this.beat(place);
  }
}

type Step = (world: World) => Promise<void> | void;
const print = (run: Step, text: string): Step =>
  Object.assign(run, { toString: () => text, [fc.toStringMethod]: () => text });
const place = fc.nat(nodeCount - 1);
const steps = fc.array(
  fc.oneof(
    { arbitrary: place.map((at) => print((world) => world.beat(at), `beat(${at})`)), weight: 8 },
    { arbitrary: place.map((at) => print((world) => world.share(at), `share(${at})`)), weight: 3 },
    place.map((at) => print((world) => world.start(at), `start(${at})`)),
    place.map((at) => print((world) => world.kill(at), `kill(${at})`)),
    place.map((at) => print((world) => world.leave(at), `leave(${at})`)),
    place.map((at) =>
      print((world) => {
        const node = world.nodes[at];
        if (node !== undefined) node.isFrozen = !node.isFrozen;
      }, `freezeOrThaw(${at})`),
    ),
    {
      arbitrary: fc.constantFrom(100, 400, 1000, 2500, 4000, 9000).map((ms) =>
        print((world) => {
          world.now += ms;
          world.check();
        }, `advance(${ms})`),
      ),
      weight: 4,
    },
  ),
  { maxLength: 60, size: 'max' },
);

describe(seeded('the leases for dispatching'), () => {
  test(
    'have one owner each, whichever nodes join, die, freeze and return, and are evenly shared in the end',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (walk) => {
          const world = new World();
          world.start(0);
          for (const step of walk) await step(world);
          world.start(1);
          await world.settle();
          const counts = world.nodes.flatMap((node) => (node === undefined ? [] : node.works.size));
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(partitionCount);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }),
        runs(40),
      );
    },
    4 * patienceMs,
  );
});

describe('a lease', () => {
  const lead = (prefix: string) => new LeadKeys(prefix).lead;
  const ask = async (key: string, at: number, id: string, ...works: number[]) =>
    readRights(await link.run('lead', [key], [String(at), id, leaseMs, requestTimeoutMs, 4, 0, ...works]));

  test('stays with a node of an earlier version while that renews it, and returns to it when all others have exited', async () => {
    const key = lead('former:');
    await link.commands.hset(key, 'owner', 'former', 'token', '500', 'until', '10000');
    expect(await ask(key, 9999, 'a')).toMatchObject({ token: 0, partitions: new Map() });
    const taken = await ask(key, 10_000, 'a');
    expect(taken.partitions.size).toBe(4);
    expect(taken.partitions.get(0)?.token).toBeGreaterThan(500);
    // What a node of an earlier version reads: another node owns the lease.
    expect(await link.commands.hmget(key, 'owner', 'until')).toEqual(['*', '14000']);
    await link.run('give', [key], ['11000', 'a', taken.token, '', 0, 0]);
    expect(await link.commands.hget(key, 'until')).toBe('11000');
  });

  test('that Redis has forgotten belongs to its owner again, and to no other node for one lease', async () => {
    const key = lead('forgotten:');
    const before = await ask(key, 1000, 'a');
    await link.commands.del(key);
    const works = [0, 1].flatMap((index) => [index, before.partitions.get(index)?.token ?? 0]);
    // A node that knows of leases leaves them to those who had them.
    expect(await link.run('lead', [key], ['1100', 'b', leaseMs, requestTimeoutMs, 4, 1])).toEqual([
      -1,
      1100,
      '',
    ]);
    const again = await ask(key, 1200, 'a', ...works);
    expect([...again.partitions].map(([index, { token }]) => [index, token]).flat()).toEqual(works);
    expect((await ask(key, 1300, 'b')).partitions.size).toBe(0);
    await ask(key, 5000, 'a', ...works);
    expect([...(await ask(key, 5200, 'b')).partitions.keys()]).toEqual([2, 3]);
  });

  test('of a dead node passes to another once it has ended, with the moment until which its attempts may last', async () => {
    const key = lead('died:');
    await ask(key, 1000, 'a');
    for (let at = 1400; at < 5000; at += 400) expect((await ask(key, at, 'b')).partitions.size).toBe(0);
    const { partitions } = await ask(key, 5000, 'b');
    expect([...partitions.values()].map(({ attemptsEndAt }) => attemptsEndAt)).toEqual(
      Array.from({ length: 4 }, () => 1000 + leaseMs + requestTimeoutMs),
    );
  });

  test('has a later token when the server of its partition requests one', async () => {
    const key = lead('refused:');
    const before = await ask(key, 1000, 'a');
    const after = await ask(key, 1400, 'a', 2, 0);
    expect(after.partitions.get(2)?.token).toBeGreaterThan(before.partitions.get(2)?.token ?? 0);
    expect(after.partitions.get(1)).toEqual(before.partitions.get(1));
  });
});
