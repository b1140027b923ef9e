import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { attacks } from '../../../test/fuzz/strangers.ts';
import { onePerTick, type Load } from '../driver/deliveries.ts';
import { Publisher } from '../driver/publisher.ts';
import { Subscribers } from '../driver/subscribers.ts';
import type { Sample } from '../measure/sample.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const channel = 'bench-bystanders';
const subscriberCount = 20;
const perSecond = 50;
const latencyFigure = 'p99 ms';
const attackerFile = fileURLToPath(new URL('../driver/attacker.ts', import.meta.url));

/**
 * Asks: how long do honest users wait while a stranger attacks who holds the public key of the app alone?
 *
 * The attacks are those of `npm run fuzz`, each made again and again by a process of its own. The server has the
 * limits that are in force when nothing is configured.
 */
export const underAttack: Scenario = {
  name: 'under-attack',
  question: 'How long do honest users wait for a message while a stranger attacks?',
  needs: ['own-process'],
  cases: [undefined, ...Object.keys(attacks)].map(besides),
  notes: [
    'Attacker, server and driver share the cores: with few of them all wait for each other, also where the server does little.',
  ],
};

function besides(attack: string | undefined): Case {
  return {
    name: attack ?? 'nobody attacks',
    operation: 'delivery',
    judge: { figure: latencyFigure },
    open: (bench) => open(bench, attack),
  };
}

async function open(bench: Bench, attack: string | undefined): Promise<Opened> {
  const target = await bench.start({ hasDefaultLimits: true });
  const payload = 'x'.repeat(100);
  const subscribers = await Subscribers.join(target, channel, subscriberCount, payload.length);
  const publisher = new Publisher(target, 2);
  return {
    pid: target.pid,
    round: async (seconds) => {
      const attacker = attack === undefined ? undefined : await startAttacker(target, attack);
      try {
        return await measure({ target, channel, subscribers, publisher, payload }, seconds);
      } finally {
        if (attacker !== undefined) await end(attacker);
      }
    },
    close: async () => {
      await publisher.close();
      await subscribers.close();
      await target.stop();
    },
  };
}

async function startAttacker({ port, key }: Target, attack: string): Promise<ChildProcess> {
  const attacker = spawn(process.execPath, ['--import', 'tsx', attackerFile, String(port), key, attack], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(attacker.stdout, 'data'),
    once(attacker, 'exit').then(() => Promise.reject(new Error('the attacker ended before it began'))),
  ]);
  return attacker;
}

async function end(attacker: ChildProcess): Promise<void> {
  if (attacker.exitCode !== null || attacker.signalCode !== null) return;
  const exited = once(attacker, 'exit');
  attacker.kill('SIGKILL');
  await exited;
}

async function measure(load: Load, seconds: number): Promise<Sample> {
  const sample = await onePerTick(load, perSecond, seconds);
  return { ...sample, figures: [{ name: latencyFigure, value: sample.latency?.p99 ?? Infinity }] };
}
