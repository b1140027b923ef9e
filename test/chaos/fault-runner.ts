import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Disturbances } from './disturbances.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { NodeProcess } from './node-process.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { Publisher } from './publisher.ts';
import { failures, type Receiver } from './receiver.ts';
import type { RedisServer } from '../support/redis/server.ts';

/** What can be made to fail. */
export interface Stage {
  readonly fleet: Fleet;
  readonly redis: RedisServer | undefined;
  readonly receivers: readonly Receiver[];
  readonly publisher: Publisher;
  readonly disturbances: Disturbances;
  readonly journal: Journal;
}

/** Injects faults and ends them. A fault is skipped if its target is in trouble already. */
export class FaultRunner {
  readonly #stage: Stage;
  #isRedisBusy = false;
  #isRolling = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Resolves once the fault is over. */
  async run(planned: PlannedFault): Promise<void> {
    const { journal } = this.#stage;
    try {
      const isDone = await this.#perform(planned);
      journal.count(`fault: ${planned.kind}${isDone ? '' : ' (skipped)'}`);
    } catch (error) {
      journal.problem(`The fault ${planned.kind} could not be injected: ${String(error)}`);
    }
  }

  #perform(planned: PlannedFault): Promise<boolean> {
    const { kind, lastsMs } = planned;
    const { fleet, journal } = this.#stage;
    switch (kind) {
      case 'kill':
        return this.#withNode(planned, async (node, slot) => {
          // A node loses what it buffers for Redis when it dies.
          const since = this.#stage.disturbances.redisTroubledSince;
          await node.kill();
          if (since !== undefined) this.#stage.publisher.mayLoseSince(since, node.name);
          await pause(lastsMs);
          await fleet.fill(slot);
        });
      case 'freeze-short':
      case 'freeze-long':
        return this.#withNode(planned, async (node) => {
          node.freeze();
          await pause(lastsMs);
          node.thaw();
        });
      case 'restart':
        return this.#withNode(planned, (node, slot) => this.#restart(node, slot, lastsMs));
      case 'rolling':
        return this.#roll(planned);
      case 'add':
        return this.#add(planned);
      case 'redis-kill':
        return this.#withRedis(kind, async (redis) => {
          await redis.kill();
          await pause(lastsMs);
          await redis.restart();
        });
      case 'redis-freeze':
        return this.#withRedis(kind, async (redis) => {
          redis.freeze();
          await pause(lastsMs);
          redis.thaw();
        });
      case 'redis-clients':
        return this.#withRedis(kind, async ({ url }) => {
          const types =
            planned.draw < 0.3 ? ['normal'] : planned.draw < 0.6 ? ['pubsub'] : ['normal', 'pubsub'];
          for (const type of types) await command(url, 'CLIENT', 'KILL', 'TYPE', type);
        });
      case 'script-flush':
        return this.#withRedis(kind, ({ url }) => command(url, 'SCRIPT', 'FLUSH'));
      case 'flushall':
        return this.#withRedis(kind, async ({ url }) => {
          await command(url, 'FLUSHALL');
          this.#stage.publisher.dataLost();
          journal.count('losses of all data');
        });
      case 'endpoint':
        return this.#failEndpoint(planned);
    }
  }

  async #restart(node: NodeProcess, slot: number, pauseMs: number): Promise<void> {
    const fault = await node.terminate();
    if (fault !== undefined) this.#stage.journal.problem(fault);
    await pause(pauseMs);
    await this.#stage.fleet.fill(slot);
  }

  /** Adds a node, which takes its share of everything and then shuts down. */
  async #add({ kind, lastsMs }: PlannedFault): Promise<boolean> {
    const { fleet, disturbances } = this.#stage;
    const fault = disturbances.begin(kind, 'another node');
    const close = await fleet.add();
    await pause(lastsMs);
    await close();
    disturbances.end(fault);
    return true;
  }

  /** Restarts one node after another. */
  async #roll({ kind, lastsMs }: PlannedFault): Promise<boolean> {
    if (this.#isRolling) return false;
    this.#isRolling = true;
    const { fleet, disturbances } = this.#stage;
    const fault = disturbances.begin(kind, 'all nodes');
    for (const slot of fleet.slots) {
      await fleet.withSlot(slot, (node) => this.#restart(node, slot, lastsMs));
    }
    disturbances.end(fault);
    this.#isRolling = false;
    return true;
  }

  /** Applies the fault to the drawn node, or to the next one that is free. */
  async #withNode(
    { kind, draw }: PlannedFault,
    use: (node: NodeProcess, slot: number) => Promise<void>,
  ): Promise<boolean> {
    const { fleet, disturbances } = this.#stage;
    const { slots } = fleet;
    const first = Math.floor(draw * slots.length);
    for (const slot of [...slots.slice(first), ...slots.slice(0, first)]) {
      const isDone = await fleet.withSlot(slot, async (node) => {
        const fault = disturbances.begin(kind, node.name);
        await use(node, slot);
        disturbances.end(fault);
      });
      if (isDone) return true;
    }
    return false;
  }

  async #withRedis(kind: FaultKind, use: (redis: RedisServer) => Promise<void>): Promise<boolean> {
    const { redis, disturbances } = this.#stage;
    if (redis === undefined || this.#isRedisBusy) return false;
    this.#isRedisBusy = true;
    const fault = disturbances.begin(kind, 'Redis');
    try {
      await use(redis);
    } finally {
      disturbances.end(fault);
      this.#isRedisBusy = false;
    }
    return true;
  }

  /** Chooses the last endpoint half of the time. */
  async #failEndpoint({ kind, draw, lastsMs }: PlannedFault): Promise<boolean> {
    const { receivers, disturbances } = this.#stage;
    const index = Math.floor(draw * 2 * receivers.length);
    const receiver = receivers[index] ?? receivers.at(-1);
    const failure = failures[Math.floor(draw * 1000) % failures.length];
    if (receiver === undefined || failure === undefined || receiver.isFailing) return false;
    const fault = disturbances.begin(kind, `${receiver.id} (${failure})`);
    await receiver.fail(failure);
    await pause(lastsMs);
    await receiver.recover();
    disturbances.end(fault);
    return true;
  }
}

/** Sends one command to Redis over a connection of its own. */
async function command(url: string, name: string, ...args: string[]): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 2000, commandTimeout: 5000 });
  // Any error of the connection rejects the command.
  redis.on('error', () => {});
  try {
    await redis.call(name, ...args);
  } finally {
    redis.disconnect();
  }
}
