import type { Divergence, Drop } from '../checks.ts';
import type { Receiver } from '../receiver.ts';
import type { ReceivedEvent } from '../replay.ts';
import type { Period } from '../truth.ts';

interface Received {
  readonly channel: string;
  readonly data: string;
  readonly atMs: number;
  /** The run of the node that forwarded it. */
  readonly run: string;
}

/**
 * The client events that some client received from another. Every endpoint that selects them must receive
 * them, too.
 */
export class ClientEvents {
  readonly #received = new Map<string, Received>();
  /** Events that were received while the disk was full, in a run that ended before it could write them. */
  unwritten = 0;
  readonly #lost = new Set<string>();

  get size(): number {
    return this.#received.size;
  }

  /** How many events some endpoint lacked at the end. */
  get lost(): number {
    return this.#lost.size;
  }

  record(channel: string, data: string, run: string): void {
    const key = keyOf({ channel, data });
    if (!this.#received.has(key)) this.#received.set(key, { channel, data, atMs: Date.now(), run });
  }

  /** Allows the events that were first received in this time to be lost. */
  allowLoss({ from, to }: Period): void {
    for (const [key, { atMs }] of this.#received) {
      if (atMs < from || atMs > to) continue;
      this.#received.delete(key);
      this.unwritten += 1;
    }
  }

  /** The events that this endpoint lacks. */
  missingAt(receiver: Receiver, drops: readonly Drop[], stamp: (atMs: number) => string): Divergence[] {
    const accepted = new Set(receiver.accepted.filter(isClientEvent).map(keyOf));
    const isDropped = (channel: string): boolean =>
      drops.some(
        (drop) => drop.endpoint === receiver.id && drop.channel === channel && drop.name === 'client_event',
      );
    const missing = [...this.#received]
      .filter(([key, { channel }]) => channel.startsWith(receiver.startsWith) && !accepted.has(key))
      .filter(([, { channel }]) => !isDropped(channel));
    for (const [key] of missing) this.#lost.add(key);
    return missing.map(([, { channel, data, atMs, run }]) => ({
      where: `endpoint ${receiver.id}`,
      subject: channel,
      believed: `the client event '${data}' did not arrive`,
      truth: `another client received it from ${run} at ${stamp(atMs).trim()}`,
    }));
  }
}

/** Client events that an endpoint accepted twice under different ids, or out of order. */
export function checkClientEvents(receiver: Receiver): Divergence[] {
  const divergences: Divergence[] = [];
  const found = (channel: string, believed: string, truth: string): void =>
    void divergences.push({ where: `endpoint ${receiver.id}`, subject: channel, believed, truth });
  const known = new Map<string, ReceivedEvent>();
  const last = new Map<string, number>();
  for (const event of receiver.accepted.filter(isClientEvent)) {
    const { channel, data = '', delivery } = event;
    const earlier = known.get(keyOf(event));
    if (earlier !== undefined) {
      const ids = `${earlier.delivery} and ${delivery}`;
      found(channel, `the client event '${data}' arrived in ${ids}`, 'it was sent once');
      continue;
    }
    known.set(keyOf(event), event);
    const [sender = '', number] = data.split(' ');
    const line = `${channel} ${sender}`;
    const before = last.get(line) ?? 0;
    if (Number(number) < before) {
      found(
        channel,
        `'${data}' arrived after ${sender}'s ${before}`,
        'the events of a channel arrive in order',
      );
    }
    last.set(line, Math.max(before, Number(number)));
  }
  return divergences;
}

function isClientEvent({ name }: ReceivedEvent): boolean {
  return name === 'client_event';
}

function keyOf({ channel, data = '' }: { readonly channel: string; readonly data?: string }): string {
  return `${channel} ${data}`;
}
