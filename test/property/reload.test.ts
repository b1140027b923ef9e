import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { DropJournal } from '../../src/delivery-log/drop-journal.ts';
import { noMetrics } from '../../src/ports/metrics.ts';
import type { Outcome, WebhookRequest } from '../../src/ports/webhook-sender.ts';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import type { WebhookEvent } from '../../src/webhooks/event.ts';
import { createDispatcher } from '../support/unit/create-dispatcher.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { application, channelName, endpoint } from '../support/unit/application.ts';

/** Two apps whose endpoints have the same ids. */
const identities = ['a/one', 'a/two', 'b/one'] as const;
const channels = ['news', 'presence-a'] as const;

/** A dispatcher whose configuration changes, and the endpoints, whatever their current ids. */
class World {
  readonly clock = new FakeClock();
  readonly drops = new DropJournal();
  /** What each endpoint should get and what it has accepted, as numbers, by endpoint and channel. */
  readonly wanted = new Map<string, number[]>();
  readonly taken = new Map<string, number[]>();
  /** How many events were dropped, by endpoint: the journal contains only the last of each channel. */
  readonly dropped = new Map<string, number>();
  readonly faults: string[] = [];
  readonly dispatcher: Dispatcher;
  readonly #append: (appId: string, events: readonly WebhookEvent[]) => void;
  #configured = new Set<string>(identities);
  #disabled = new Set<string>();
  /** By identity: since when; also of endpoints that were removed while they were held. */
  #heldSince = new Map<string, number>();
  #version = 0;
  #appended = 0;
  readonly #downUntil = new Map<string, number>();
  readonly #underWay = new Set<string>();

  constructor(maxEvents: number) {
    const { dispatcher, append } = createDispatcher({
      clock: this.clock,
      sender: { send: (request) => this.#send(request), close: async () => {} },
      metrics: {
        ...noMetrics,
        webhookDropped: (appId, id, _reason, events) => {
          const identity = `${appId}/${id}`;
          this.dropped.set(identity, (this.dropped.get(identity) ?? 0) + events);
        },
      },
      drops: this.drops,
      applications: this.#applications(),
      policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents } },
    });
    this.dispatcher = dispatcher;
    this.#append = append;
  }

  replace(
    configured: readonly string[],
    { disabled = [], held = [] }: { disabled?: readonly string[]; held?: readonly string[] } = {},
  ): void {
    this.#configured = new Set(configured);
    this.#disabled = new Set(disabled.filter((identity) => this.#configured.has(identity)));
    const before = this.#heldSince;
    const left = [...before.keys()].filter((identity) => !this.#configured.has(identity));
    this.#heldSince = new Map(
      [...left, ...held.filter((identity) => this.#configured.has(identity))].map((identity) => [
        identity,
        before.get(identity) ?? wallTimeOf(this.clock),
      ]),
    );
    this.#version += 1;
    this.dispatcher.replace(this.#applications());
  }

  /** The configured endpoint is neither disabled nor held any more. */
  release(): void {
    this.replace([...this.#configured]);
  }

  append(appId: string, channel: string): void {
    this.#appended += 1;
    const userId = `${this.#appended}`;
    this.#append(appId, [{ name: 'member_added', channel: channelName(channel), userId }]);
    for (const identity of this.#configured) {
      if (identity.startsWith(`${appId}/`))
        listOf(this.wanted, `${identity} ${channel}`).push(this.#appended);
    }
  }

  outage(identity: string, ms: number): void {
    this.#downUntil.set(identity, this.clock.now() + ms);
  }

  #applications() {
    return ['a', 'b'].flatMap((id) => {
      const own = [...this.#configured].filter((identity) => identity.startsWith(`${id}/`));
      if (own.length === 0) return [];
      const endpoints = own.map((identity) =>
        endpoint({
          id: identity.slice(2),
          url: `http://${identity}/${this.#version}`,
          isEnabled: !this.#disabled.has(identity),
          heldSinceMs: this.#heldSince.get(identity),
          ...(this.#version % 3 === 1 && { batch: { maxEvents: 2, maxDelayMs: 600 } }),
          headers: { 'x-version': `${this.#version}` },
        }),
      );
      return [application({ id, key: `${id}-${this.#version}`, endpoints })];
    });
  }

  #send({ url, headers, body }: WebhookRequest): Promise<Outcome> {
    const [, identity = '', version = ''] = /^http:\/\/(\w\/\w+)\/(\d+)$/.exec(url) ?? [];
    const isCurrent = version === `${this.#version}`;
    if (this.#disabled.has(identity)) this.faults.push(`${url} is disabled`);
    if (this.#heldSince.has(identity)) this.faults.push(`${url} is held`);
    if (this.#configured.has(identity) && !isCurrent) this.faults.push(`${url} is not configured any more`);
    if (headers['x-version'] !== version || headers['X-Pusher-Key'] !== `${identity[0]}-${version}`) {
      this.faults.push(`${url} has the headers or the key of another time`);
    }
    const { events } = JSON.parse(Buffer.from(body).toString()) as {
      events: { channel: string; user_id: string }[];
    };
    const lanes = new Set(events.map(({ channel }) => `${identity} ${channel}`));
    for (const lane of lanes) {
      if (this.#underWay.has(lane)) this.faults.push(`${lane} is under way twice`);
      this.#underWay.add(lane);
    }
    const isDown = this.clock.now() < (this.#downUntil.get(identity) ?? -Infinity);
    return new Promise((resolve) => {
      this.clock.after(isDown ? 1 : 20, () => {
        for (const lane of lanes) this.#underWay.delete(lane);
        if (isDown) return resolve({ kind: 'unreachable', code: 'ECONNREFUSED' });
        for (const { channel, user_id: number } of events) {
          listOf(this.taken, `${identity} ${channel}`).push(Number(number));
        }
        resolve({ kind: 'answered', status: 200 });
      });
    });
  }
}

function wallTimeOf(clock: FakeClock): number {
  return 1_700_000_000_000 + clock.now();
}

function listOf(lists: Map<string, number[]>, key: string): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

const replace = fc
  .tuple(fc.subarray([...identities]), fc.subarray([...identities]), fc.subarray([...identities]))
  .map(([configured, disabled, held]) =>
    step<World>(
      `replace(${configured.join(' ')}; disabled ${disabled.join(' ')}; held ${held.join(' ')})`,
      (world) => world.replace(configured, { disabled, held }),
    ),
  );
const append = fc
  .tuple(fc.constantFrom('a', 'a', 'b'), fc.constantFrom(...channels))
  .map(([appId, channel]) =>
    step<World>(`append(${appId}, ${channel})`, (world) => world.append(appId, channel)),
  );
const outage = fc
  .tuple(fc.constantFrom(...identities), fc.constantFrom(100, 3000, 20_000, 400_000))
  .map(([identity, ms]) => step<World>(`outage(${identity}, ${ms})`, (world) => world.outage(identity, ms)));
const advance = fc
  .constantFrom(1, 10, 250, 1000, 5000, 60_000)
  .map((ms) => step<World>(`advance(${ms})`, ({ clock }) => clock.advance(ms)));
const walk: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    { arbitrary: replace, weight: 3 },
    { arbitrary: append, weight: 5 },
    { arbitrary: outage, weight: 1 },
    { arbitrary: advance, weight: 4 },
  ),
  { maxLength: 60, size: 'max' },
);

describe(seeded('endpoints that are added, removed and changed'), () => {
  it(
    'get every event of their time once and in the order of its channel, or there is a record',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, fc.constantFrom(1, 3, 20), async (steps, maxEvents) => {
          const world = new World(maxEvents);
          for (const run of steps) await run(world);
          world.release();
          for (const identity of identities) world.outage(identity, 0);
          await world.clock.advance(400_000);
          assert.deepEqual(world.faults, []);
          assert.deepEqual(
            [...world.taken.keys()].filter((lane) => !world.wanted.has(lane)),
            [],
          );
          const missing = new Map<string, number>();
          for (const [lane, wanted] of world.wanted) {
            const [identity = '', channel] = lane.split(' ');
            const taken = world.taken.get(lane) ?? [];
            // In order and without duplicates: what was accepted is a subsequence of what was selected.
            assert.deepEqual(
              taken,
              wanted.filter((number) => taken.includes(number)),
            );
            const isRecorded = world.drops
              .read(identity.slice(0, 1))
              .dropped.some((drop) => drop.endpoint === identity.slice(2) && drop.channel === channel);
            assert.equal(isRecorded, taken.length < wanted.length, lane);
            if (!isRecorded) continue;
            missing.set(identity, (missing.get(identity) ?? 0) + wanted.length - taken.length);
          }
          assert.deepEqual(world.dropped, missing);
          world.replace([]);
          await world.clock.advance(0);
          assert.deepEqual([...world.dispatcher.readQueues()], []);
        }),
        runs(300),
      );
    },
    patienceMs,
  );
});
