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
 * How long do honest users wait while an attacker, who knows only the app's public key, attacks the server?
 *
 * The attacks are those of `npm run fuzz`. A separate process repeats each attack. The server has its default limits.
 */
export const underAttack: Scenario = {
  name: 'under-attack',
  question: 'How long do honest users wait for a message during an attack?',
  needs: ['own-process'],
  cases: [undefined, ...Object.keys(attacks)].map(during),
  notes: [
    'Attacker, server and driver share the cores. With few cores they all wait for each other, even if the server does little.',
  ],
};

function during(attack: string | undefined): Case {
  return {
    name: attack ?? 'no attack',
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
    once(attacker, 'exit').then(() => Promise.reject(new Error('the attacker exited before it was ready'))),
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
