import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { replay } from '../support/webhook-state.ts';
import { Honest } from './honest.ts';
import { attacks } from './strangers.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly log?: (text: string) => void;
}

/** The result of a run. */
export interface FuzzOutcome {
  /** The attacks, in order. */
  readonly attacks: readonly string[];
  /** What honest users, backends and operators lost, one sentence each. Empty if all is well. */
  readonly losses: readonly string[];
  /** The slowest health check, and the attack during which it happened. */
  readonly slowestHealthMs: number;
  readonly slowestDuring: string;
  /** Resident memory before the first attack and after the last one. */
  readonly memoryBeforeMb: number;
  readonly memoryAfterMb: number;
}

/** How long webhook events may take to arrive at the endpoint in the end. */
const settleMs = 30_000;

/** Attacks the built program while honest users are connected, and reports what they lost. */
export async function runFuzz({ seconds, seed, log = () => {} }: FuzzOptions): Promise<FuzzOutcome> {
  await using receiver = await startReceiver();
  await using server = await startServer({
    apps: [{ ...app, webhooks: [{ url: receiver.url }] }],
    webhooks: quick,
  });
  const honest = new Honest(server.port);
  for (let count = 0; count < 10; count += 1) await honest.join();
  const health = new HealthCheck(server);
  const memoryBeforeMb = memoryMb(server.pid);
  const losses: string[] = [];
  const made: string[] = [];
  const endsAt = Date.now() + seconds * 1000;
  const names = Object.keys(attacks);
  for (let round = 0; round < names.length || Date.now() < endsAt; round += 1) {
    const name = names[round % names.length] ?? '';
    health.during = name;
    made.push(name);
    const attack = attacks[name]?.({ port: server.port, key: app.key, seed: seed + round });
    await Promise.all([attack, live(honest, losses)]);
    if (!honest.areAllConnected) losses.push(`an honest user lost the connection during: ${name}`);
    log(`${name}: the slowest health check so far took ${Math.round(health.slowestMs)} ms`);
    if (Date.now() >= endsAt && round >= names.length - 1) break;
  }
  await health.stop();
  const reportedMembers = () =>
    replay(receiver.events.items).members.filter((member) => member.startsWith('presence-room'));
  const expected = honest.members.join();
  await receiver.events
    .until(() => reportedMembers().join() === expected, settleMs)
    .catch(() => {
      losses.push(
        `the webhooks report the members ${reportedMembers().join()}, but the members are ${expected}`,
      );
    });
  const memoryAfterMb = memoryMb(server.pid);
  honest.end();
  return {
    attacks: made,
    losses: [...losses, ...health.failures],
    slowestHealthMs: health.slowestMs,
    slowestDuring: health.slowestDuring,
    memoryBeforeMb,
    memoryAfterMb,
  };
}

/** Lets honest users join and leave. */
async function live(honest: Honest, losses: string[]): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    try {
      await honest.join();
    } catch (error) {
      losses.push(
        `an honest user could not connect: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    honest.leaveFirst();
    await wait(20);
  }
}

/** Checks continuously whether the program is healthy. */
class HealthCheck {
  during = 'nothing';
  slowestMs = 0;
  slowestDuring = '';
  readonly failures: string[] = [];
  readonly #worker: Worker;

  constructor({ url }: Server) {
    const file = new URL('./health-worker.mjs', import.meta.url);
    this.#worker = new Worker(file, { workerData: { url: `${url}/livez` } });
    this.#worker.on('message', ({ elapsedMs, failure }: { elapsedMs: number; failure?: string }) => {
      if (failure !== undefined) this.failures.push(`a health check ${failure} during: ${this.during}`);
      if (elapsedMs <= this.slowestMs) return;
      this.slowestMs = elapsedMs;
      this.slowestDuring = this.during;
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function memoryMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
