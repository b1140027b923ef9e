import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enter, expire, leave, newLinger, type Linger } from '../../src/channels/linger.ts';
import { Registry, type Subscription } from '../../src/channels/registry.ts';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';

const room = 'room' as ChannelName;

/** A channel on one node through the registry and the machine, beside a literal model of the grace rule. */
interface World {
  now: number;
  readonly registry: Registry;
  readonly subscriptions: Map<string, Subscription>;
  readonly subject: Linger;
  readonly reported: string[];
  /** The model: every leave since somebody last joined an empty channel, with its grace. */
  readonly live: Set<string>;
  leaves: { at: number; graceMs: number }[];
  isAnnounced: boolean;
  readonly expected: string[];
}

const begin = (): World => ({
  now: 0,
  registry: new Registry(),
  subscriptions: new Map(),
  subject: newLinger(),
  reported: [],
  live: new Set(),
  leaves: [],
  isAnnounced: false,
  expected: [],
});

function join(world: World, connection: string): void {
  if (world.live.has(connection)) return;
  world.subscriptions.set(connection, world.registry.join(room));
  if (enter(world.subject) === 'appeared') world.reported.push(`${world.now} occupied`);
  if (world.live.size === 0) {
    world.leaves = [];
    if (!world.isAnnounced) world.expected.push(`${world.now} occupied`);
    world.isAnnounced = true;
  }
  world.live.add(connection);
}

function depart(world: World, connection: string, graceMs: number): void {
  const subscription = world.subscriptions.get(connection);
  if (subscription === undefined) return;
  world.subscriptions.delete(connection);
  const { channelLingersMs } = world.registry.leave(subscription, world.now, graceMs);
  if (channelLingersMs !== undefined) leave(world.subject, world.now + channelLingersMs);
  world.live.delete(connection);
  world.leaves = [...world.leaves, { at: world.now, graceMs }];
  look(world);
}

function look(world: World): void {
  if (expire(world.subject, world.now)) world.reported.push(`${world.now} vacated`);
  const isOver = world.leaves.every(({ at, graceMs }) => at + graceMs <= world.now);
  if (world.live.size > 0 || !world.isAnnounced || !isOver) return;
  world.isAnnounced = false;
  world.expected.push(`${world.now} vacated`);
}

function wait(world: World, ms: number): void {
  const moments = [...world.leaves.map(({ at, graceMs }) => at + graceMs), world.now + ms];
  const until = world.now + ms;
  for (const moment of moments.filter((at) => at > world.now && at <= until).toSorted((a, b) => a - b)) {
    // The time just before as well: nothing may be reported early.
    world.now = moment - 1;
    look(world);
    world.now = moment;
    look(world);
  }
}

const connection = fc.constantFrom('c1', 'c2', 'c3');
const grace = fc.constantFrom(0, 1000, 3000, 5000);
const steps: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    connection.map((one) => step<World>(`join(${one})`, (world) => join(world, one))),
    fc
      .tuple(connection, grace)
      .map(([one, ms]) => step<World>(`leave(${one}, ${ms})`, (world) => depart(world, one, ms))),
    fc
      .constantFrom(1, 500, 1000, 2000, 3000, 6000)
      .map((ms) => step<World>(`wait(${ms})`, (world) => wait(world, ms))),
  ),
  { maxLength: 60, size: 'max' },
);

describe(seeded('linger machine'), () => {
  it(
    'reports exactly what the grace rule reports, at the same times',
    () => {
      fc.assert(
        fc.property(steps, (walk) => {
          const world = begin();
          for (const run of walk) void run(world);
          wait(world, 20_000);
          expect(world.reported).toEqual(world.expected);
          expect(world.registry.subscribers(room)).toBe(world.live.size);
        }),
        runs(500),
      );
    },
    patienceMs,
  );

  it('ignores a leave from a channel without subscribers', () => {
    const subject = newLinger();
    expect(leave(subject, 5)).toBe(false);
    expect(expire(subject, 10)).toBe(false);
    expect(subject).toEqual(newLinger());
  });

  it('keeps no channel and no member without subscribers', () => {
    const registry = new Registry();
    const [one, two] = [registry.join(room, 'u1'), registry.join(room, 'u1')];
    expect(registry.leave(one, 0, 3000)).toEqual({
      channelLingersMs: undefined,
      memberLingersMs: undefined,
    });
    expect(registry.leave(two, 1000, 0)).toEqual({
      channelLingersMs: 2000,
      memberLingersMs: 2000,
    });
    expect(registry.subscribers(room)).toBe(0);
    const again = registry.join(room, 'u1');
    expect(again.channel).not.toBe(one.channel);
  });
});
