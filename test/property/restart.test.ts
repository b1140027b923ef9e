import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeDisk } from '../support/property/fake-disk.ts';
import { expectTruth } from '../support/property/replay.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { allFates, graces, stackPolicy, twoApps, walk, type World } from '../support/property/stack-walk.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';
import { step, type Step } from '../support/property/step.ts';

/** A program that is killed now and then, with its data on disk. */
interface MortalWorld extends World {
  stack: Stack;
  readonly disk: FakeDisk;
  /** Client events that somebody has received, as `app channel data`. */
  readonly seen: Set<string>;
  restart: () => void;
  isDown: boolean;
  /** In this run of the process. */
  hasBeenFull: boolean;
}

/** How long after a crash each client returns; undefined if it never does. */
const returns = fc.array(fc.constantFrom(0, 900, 1000, 16_000, 30_000, 60_000, undefined), {
  minLength: 1,
  maxLength: 6,
});

/** Killed at any time: right after a step, or before or after one of its transactions. */
const kill = fc
  .record({
    afterMs: fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 20, 22, 250, 257),
    downMs: fc.constantFrom(0, 200, 2000, 17_000, 70_000, 400_000),
    returns,
  })
  .map(({ afterMs, downMs, returns: delays }) =>
    step<World>(`kill(after ${afterMs}, down ${downMs}, back ${delays.join(' ')})`, async (given) => {
      const world = given as MortalWorld;
      await world.stack.clock.advance(afterMs);
      noteSeen(world);
      world.stack.kill();
      world.isDown = true;
      world.hasBeenFull = world.disk.isFull;
      const lost = world.clients.filter(({ isOpen }) => isOpen);
      const held = lost.map(({ app, holds }) => ({ app, holds: [...holds] }));
      for (const client of lost) client.lose();
      for (const { socket } of world.clients) socket.frames.splice(0);
      await world.stack.clock.advance(downMs);
      world.restart();
      await world.stack.start();
      world.isDown = false;
      for (const [index, { app, holds }] of held.entries()) {
        const delayMs = delays[index % delays.length];
        const comeBack = (): void => {
          if (world.isDown) return void world.stack.clock.after(1000, comeBack);
          const client = world.stack.connect(app);
          world.clients.push(client);
          for (const [channel, userId] of holds) client.subscribe(channel, userId);
        };
        if (delayMs !== undefined) world.stack.clock.after(delayMs, comeBack);
      }
    }),
  );

/** Clients continue while the disk is full: nothing is promised for what they see then, until the next run. */
const fullDisk = fc.boolean().map((isFull) =>
  step<World>(`disk(${isFull ? 'full' : 'free'})`, (given) => {
    const world = given as MortalWorld;
    noteSeen(world);
    world.hasBeenFull ||= isFull;
    world.disk.isFull = isFull;
  }),
);

/** Client events that others than the sender have received, as far as the disk accepted them. */
function noteSeen({ clients, seen, hasBeenFull }: MortalWorld): void {
  if (hasBeenFull) return;
  for (const { app, socket } of clients) {
    for (const { event, channel, data } of socket.frames.map((text) => JSON.parse(text) as Frame)) {
      if (event === 'client-typing') seen.add(`${app.id} ${channel} ${data}`);
    }
  }
}

interface Frame {
  readonly event: string;
  readonly channel: string;
  readonly data: string;
}

async function begin(options: Omit<StackOptions, 'applications'>): Promise<MortalWorld> {
  const disk = new FakeDisk();
  const world: MortalWorld = {
    stack: new Stack({ applications: twoApps, ...options, disk }),
    disk,
    clients: [] as StackClient[],
    clientEvents: [],
    seen: new Set(),
    isDown: false,
    hasBeenFull: false,
    restart: () => {
      world.stack = new Stack({ applications: twoApps, ...options, disk, before: world.stack });
    },
  };
  await world.stack.start();
  for (const app of [...twoApps, ...twoApps]) world.clients.push(world.stack.connect(app));
  return world;
}

async function quieten(world: MortalWorld): Promise<void> {
  world.disk.isFull = false;
  for (const receiver of world.stack.receivers.values()) receiver.heal();
  await world.stack.clock.advance(1_000_000);
  for (const { events, bytes } of world.stack.dispatcher.readQueues())
    expect({ events, bytes }).toEqual({ events: 0, bytes: 0 });
}

/** If a client has received a client event, every endpoint that selects it has received it, too. */
function expectSeenHeard({ stack, seen }: MortalWorld): void {
  for (const app of stack.applications) {
    const { dropped } = stack.drops.read(app.id);
    for (const { id, url, channels, eventTypes } of app.endpoints) {
      if (!eventTypes.has('client_event')) continue;
      const received = new Set(
        stack.receivers
          .get(url)
          ?.taken.filter(({ name }) => name === 'client_event')
          .map(({ channel, data }) => `${app.id} ${channel} ${data}`),
      );
      for (const line of seen) {
        const [appId, channel = ''] = line.split(' ');
        const isLost = dropped.some((drop) => drop.endpoint === id && drop.channel === channel);
        if (appId !== app.id || !channel.startsWith(channels.startsWith ?? '') || isLost) continue;
        expect(received, `${line} was seen by clients`).toContain(line);
      }
    }
  }
}

const mortalWalk = fc
  .array(fc.tuple(fc.oneof({ arbitrary: kill, weight: 4 }, { arbitrary: fullDisk, weight: 1 }), fc.nat(80)), {
    minLength: 1,
    maxLength: 8,
  })
  .chain((extra) =>
    walk.map((steps) => {
      const all: Step<World>[] = [...steps];
      for (const [one, at] of extra) all.splice(Math.min(at, all.length), 0, one);
      return all;
    }),
  );

const options = fc.record({ fates: allFates, policy: stackPolicy, grace: graces });

describe(seeded('a node that is killed and started again'), () => {
  it(
    'leaves every endpoint with the truth, and with every client event that clients have received',
    async () => {
      await fc.assert(
        fc.asyncProperty(mortalWalk, options, async (steps, given) => {
          const world = await begin(given);
          for (const one of steps) await one(world);
          await quieten(world);
          noteSeen(world);
          expectTruth(world.stack, world.clients);
          expectSeenHeard(world);
        }),
        runs(200),
      );
    },
    patienceMs,
  );

  it(
    'keeps nothing that is settled',
    async () => {
      await fc.assert(
        fc.asyncProperty(mortalWalk, options, async (steps, given) => {
          const world = await begin(given);
          for (const one of steps) await one(world);
          await quieten(world);
          for (const table of ['outbox', 'settled', 'batches'] as const) {
            expect([table, world.disk.keys(table)]).toEqual([table, []]);
          }
        }),
        runs(100),
      );
    },
    patienceMs,
  );
});
