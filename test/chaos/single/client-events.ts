import type { Divergence, Drop } from '../checks.ts';
import type { Receiver } from '../receiver.ts';
import type { ReceivedEvent } from '../replay.ts';
import type { Period } from '../truth.ts';

interface Seen {
  readonly channel: string;
  readonly data: string;
  readonly atMs: number;
  /** The run of the node that forwarded it. */
  readonly life: string;
}

/**
 * The client events that some client received from another. Every endpoint that selects them must receive
 * them, too.
 */
export class ClientEvents {
  readonly #seen = new Map<string, Seen>();
  /** The event was seen while the disk was full, in a run that ended before it could write the event. */
  excused = 0;
  readonly #lost = new Set<string>();

  get size(): number {
    return this.#seen.size;
  }

  /** How many events some endpoint lacked at the end. */
  get lost(): number {
    return this.#lost.size;
  }

  see(channel: string, data: string, life: string): void {
    const key = keyOf({ channel, data });
    if (!this.#seen.has(key)) this.#seen.set(key, { channel, data, atMs: Date.now(), life });
  }

  /** Marks events first seen in this time as possibly lost. */
  excuse({ from, to }: Period): void {
    for (const [key, { atMs }] of this.#seen) {
      if (atMs < from || atMs > to) continue;
      this.#seen.delete(key);
      this.excused += 1;
    }
  }

  /** The events that this endpoint lacks. */
  missingAt(receiver: Receiver, drops: readonly Drop[], stamp: (atMs: number) => string): Divergence[] {
    const taken = new Set(receiver.taken.filter(isClientEvent).map(keyOf));
    const isDropped = (channel: string): boolean =>
      drops.some(
        (drop) => drop.endpoint === receiver.id && drop.channel === channel && drop.name === 'client_event',
      );
    const missing = [...this.#seen]
      .filter(([key, { channel }]) => channel.startsWith(receiver.startsWith) && !taken.has(key))
      .filter(([, { channel }]) => !isDropped(channel));
    for (const [key] of missing) this.#lost.add(key);
    return missing.map(([, { channel, data, atMs, life }]) => ({
      where: `endpoint ${receiver.id}`,
      subject: channel,
      believed: `nothing of the client event '${data}'`,
      truth: `another client received it from ${life} at ${stamp(atMs).trim()}`,
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
  for (const event of receiver.taken.filter(isClientEvent)) {
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
