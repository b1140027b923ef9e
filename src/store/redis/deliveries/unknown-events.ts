import type { EventRef, KeptBatch } from '../../../ports/delivery-store.ts';
import type { Log } from '../../../ports/log.ts';
import type { KeptEntry, UnknownEntry } from '../channels/kept.ts';

/**
 * Events that this version of the program does not understand, because another version has written them. They stay in the outbox
 * for a node of that version. Later events of their channel stay too, because the order of a channel is kept, and so does a batch
 * that contains one of them.
 */
export class UnknownEvents {
  readonly #log: Log;
  readonly #refs = new Set<EventRef>();
  readonly #channels = new Set<string>();
  #hasWarned = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Forgets everything. A node that starts to dispatch has read nothing yet. */
  clear(): void {
    this.#refs.clear();
    this.#channels.clear();
  }

  add(ref: EventRef, { appId, channel }: UnknownEntry): void {
    this.#refs.add(ref);
    if (channel !== '') this.#channels.add(keyOf(appId, channel));
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      { appId, ref },
      'a webhook event that this version does not understand waits for a node of the version that wrote it; later events of its channel wait too',
    );
  }

  /** Whether a kept batch contains such an event. If so, all of its channels wait. */
  holdBatch({ refs }: KeptBatch, events: ReadonlyMap<EventRef, KeptEntry>): boolean {
    if (!refs.some((ref) => this.#refs.has(ref))) return false;
    for (const ref of refs) {
      const known = events.get(ref);
      if (known !== undefined) this.#channels.add(keyOf(known.appId, known.event.channel));
    }
    return true;
  }

  /** Whether the events of this channel wait. */
  holds(appId: string, channel: string): boolean {
    return this.#channels.size > 0 && this.#channels.has(keyOf(appId, channel));
  }
}

function keyOf(appId: string, channel: string): string {
  return `${appId}\n${channel}`;
}
