import { readQueue } from './api.ts';
import { waitUntil } from './children.ts';
import type { Journal } from './journal.ts';
import type { NodeProcess } from './node-process.ts';
import type { Receiver } from './receiver.ts';
import type { Truth } from './truth.ts';

/** Who is to come to rest. */
export interface Resting {
  readonly nodes: { readonly live: readonly NodeProcess[]; readonly isComplete: boolean };
  readonly receivers: readonly Receiver[];
  readonly truth: Truth;
  readonly journal: Journal;
  /** After this without a webhook or a change nothing is on its way any more. */
  readonly quietMs: number;
  readonly isSettled: () => boolean;
}

const patienceMs = 90_000;

/** Waits until nothing changes any more, nothing is left to deliver, and every endpoint is up. */
export async function rest({ nodes, receivers, truth, journal, quietMs, isSettled }: Resting): Promise<void> {
  let missing = '';
  const isAtRest = async (): Promise<boolean> => {
    missing = 'some node is down';
    if (!nodes.isComplete) return false;
    missing = 'some client waits for an answer';
    if (!isSettled()) return false;
    missing = 'something still changes';
    const lastAt = Math.max(truth.changedAt, ...receivers.map(({ lastRequestAt }) => lastRequestAt));
    if (Date.now() - lastAt < quietMs) return false;
    missing = 'some node cannot be asked for its queue';
    const queues = await Promise.all(nodes.live.map(readQueue)).catch(() => undefined);
    if (queues === undefined) return false;
    missing = 'some node has webhooks to deliver';
    return queues.every(({ events, isFailing }) => events === 0 && !isFailing);
  };
  const isResting = await waitUntil(isAtRest, patienceMs, 250);
  if (!isResting) journal.problem(`No rest within ${patienceMs / 1000} s: ${missing}`);
}
