import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { LocalApps, type LocalApp } from '../../src/apps/local-app.ts';
import type { Subscription } from '../../src/channels/registry.ts';
import type { Line } from '../../src/node/workers/line.ts';
import { CountsOfWorker, type CountsOfKeeper } from '../../src/node/workers/subscriber-counts.ts';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';
import { application, channelName } from '../support/unit/application.ts';
import { keeperStage } from '../support/workers/keeper-stage.ts';

const channels = [channelName('news'), channelName('private-a')];
const indices = [1, 2];

/** A worker, the messages that are under way between it and the keeper, and what it had when it sent the last one that has arrived. */
class Worker {
  readonly counts: CountsOfWorker;
  readonly toKeeper: (() => void)[] = [];
  readonly toWorker: (() => void)[] = [];
  known: ReadonlyMap<ChannelName, number> = new Map();
  readonly #apps = new LocalApps([application()]);
  readonly #held = new Map<ChannelName, Subscription[]>();

  constructor(line: (worker: Worker) => Pick<Line<CountsOfKeeper>, 'send'>) {
    this.counts = new CountsOfWorker(line(this), this.#apps);
  }

  get #app(): LocalApp {
    const [app] = this.#apps;
    assert.ok(app);
    return app;
  }

  get isCounting(): boolean {
    return this.#app.config.subscriptionCount;
  }

  /** How many of its connections are subscribed to each channel. */
  had(): ReadonlyMap<ChannelName, number> {
    return new Map(channels.map((channel) => [channel, this.#app.registry.subscribers(channel)]));
  }

  join(channel: ChannelName): true {
    const held = this.#held.get(channel) ?? [];
    this.#held.set(channel, [...held, this.#app.registry.join(channel)]);
    this.counts.changed(this.#app, channel);
    return true;
  }

  /** Returns whether there was a subscriber. */
  leave(channel: ChannelName): boolean {
    const subscription = this.#held.get(channel)?.pop();
    if (subscription === undefined) return false;
    this.#app.registry.leave(subscription, 0, 0);
    this.counts.changed(this.#app, channel);
    return true;
  }

  configure(subscriptionCount: boolean): void {
    this.#apps.replace([application({ subscriptionCount })]);
    this.counts.follow(this.#apps);
  }
}

/** A keeper and its workers. Each message takes its time, but those from one thread to another stay in order. */
class World {
  readonly #stage = keeperStage();
  readonly workers = indices.map((index) => new Worker((worker) => this.#lineOf(worker, index)));
  #isCounting = false;
  /** How many workers do not know the last configuration yet, or their answers have not arrived. */
  #underWay = 0;
  /** The channels whose count has changed while counts are sent, on a worker that knew it. */
  readonly #changed = new Set<ChannelName>();

  async change(index: number, how: 'join' | 'leave', channel: ChannelName): Promise<void> {
    const worker = this.workers[index];
    const isChanged = worker?.[how](channel) === true;
    if (isChanged && worker.isCounting && this.#isCounting) this.#changed.add(channel);
    // Workers report once per turn.
    await Promise.resolve();
  }

  /** The next configuration is put into force once all workers have the last one. */
  configure(subscriptionCount: boolean): void {
    if (this.#underWay > 0 || subscriptionCount === this.#isCounting) return;
    const { apps, events, subscribers } = this.#stage;
    this.#isCounting = subscriptionCount;
    this.#changed.clear();
    apps.replace([application({ subscriptionCount })]);
    subscribers.follow(apps, indices);
    events.length = 0;
    this.#underWay = this.workers.length;
    for (const worker of this.workers) {
      worker.toWorker.push(() => {
        worker.configure(subscriptionCount);
        worker.toKeeper.push(() => (this.#underWay -= 1));
      });
    }
  }

  deliver(index: number, to: 'toKeeper' | 'toWorker'): void {
    const { events } = this.#stage;
    const before = events.length;
    this.workers[index]?.[to].shift()?.();
    assert.ok(this.#isCounting || events.length === 0, 'a count is sent although counts are off');
    for (const event of events.slice(before)) {
      assert.ok(event.name === 'subscription_count');
      assert.equal(
        event.count,
        this.#sum(event.channel, ({ known }) => known),
      );
    }
  }

  settle(): void {
    for (const index of this.workers.keys()) {
      while (this.workers[index]?.toWorker.length) this.deliver(index, 'toWorker');
      while (this.workers[index]?.toKeeper.length) this.deliver(index, 'toKeeper');
    }
    for (const channel of channels) {
      const count = this.#sum(channel, (worker) => worker.had());
      const sent = this.#stage.events.filter((event) => event.channel === channel).at(-1);
      assert.equal(this.#stage.subscribers.noted('1', channel), this.#isCounting ? count : 0);
      assert.equal(sent !== undefined, this.#changed.has(channel));
      if (sent !== undefined) assert.deepEqual(sent, { name: 'subscription_count', channel, count });
    }
  }

  #sum(channel: ChannelName, of: (worker: Worker) => ReadonlyMap<ChannelName, number>): number {
    return this.workers.reduce((sum, worker) => sum + (of(worker).get(channel) ?? 0), 0);
  }

  #lineOf(worker: Worker, index: number): Pick<Line<CountsOfKeeper>, 'send'> {
    return {
      send: (_keeper, name, ...args) => {
        const had = worker.had();
        worker.toKeeper.push(() => {
          worker.known = had;
          const { keeper } = this.#stage;
          Reflect.apply(keeper[name], keeper, [index, ...args]);
        });
      },
    };
  }
}

const index = fc.constantFrom(0, 1);
const change = fc
  .tuple(
    index,
    fc.constantFrom('join' as const, 'join' as const, 'leave' as const),
    fc.constantFrom(...channels),
  )
  .map(([which, how, channel]) =>
    step<World>(`${how}(${which}, ${channel})`, (world) => world.change(which, how, channel)),
  );
const deliver = fc
  .tuple(index, fc.constantFrom('toKeeper' as const, 'toWorker' as const))
  .map(([which, to]) => step<World>(`deliver(${which}, ${to})`, (world) => world.deliver(which, to)));
const configure = fc
  .boolean()
  .map((isOn) => step<World>(`configure(${isOn})`, (world) => world.configure(isOn)));
const settle = fc.constant(step<World>('settle()', (world) => world.settle()));
const walk: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    { arbitrary: change, weight: 6 },
    { arbitrary: deliver, weight: 8 },
    { arbitrary: configure, weight: 2 },
    { arbitrary: settle, weight: 1 },
  ),
  { maxLength: 60, size: 'max' },
);

describe(seeded('the subscribers of all workers'), () => {
  it(
    'are counted, and the last count is sent, however the setting is switched and messages overtake each other',
    async () => {
      await fc.assert(
        fc.asyncProperty(walk, async (steps) => {
          const world = new World();
          for (const run of steps) await run(world);
          world.settle();
        }),
        runs(500),
      );
    },
    patienceMs,
  );
});
