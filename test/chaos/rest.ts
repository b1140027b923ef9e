import { readQueue } from './api.ts';
import { waitUntil } from './children.ts';
import type { Journal } from './journal.ts';
import type { NodeProcess } from './node-process.ts';
import type { Receiver } from './receiver.ts';
import type { Truth } from './truth.ts';

/** Whose activity must cease. */
export interface Resting {
  readonly nodes: { readonly live: readonly NodeProcess[]; readonly isComplete: boolean };
  readonly receivers: readonly Receiver[];
  readonly truth: Truth;
  readonly journal: Journal;
  /** The time without a webhook or a change after which nothing can be pending. */
  readonly quietMs: number;
  readonly isSettled: () => boolean;
}

const patienceMs = 90_000;

/** Waits until nothing changes, nothing is pending, and every endpoint is available. */
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
    missing = 'some node cannot report its queue';
    const queues = await Promise.all(nodes.live.map(readQueue)).catch(() => undefined);
    if (queues === undefined) return false;
    missing = 'some node has pending deliveries';
    return queues.every(({ events, isFailing }) => events === 0 && !isFailing);
  };
  const isResting = await waitUntil(isAtRest, patienceMs, 250);
  if (!isResting) journal.problem(`The run did not settle within ${patienceMs / 1000} s: ${missing}`);
}
