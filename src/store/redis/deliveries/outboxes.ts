import type { RestoredEvent } from '../../../ports/delivery-source.ts';
import type { EventRef } from '../../../ports/delivery-store.ts';
import { DueHeap } from '../../../structures/due-heap.ts';
import type { KeptEntry } from '../channels/kept.ts';

/** An event of an outbox, and its state so far. */
export type OutboxEvent = KeptEntry & RestoredEvent;

/** The next event of a partition. */
interface Head {
  readonly refs: readonly EventRef[];
  readonly index: number;
  readonly event: OutboxEvent;
}

/** The events of all outboxes that a node takes over. */
export class Outboxes {
  /** By ref. If an event is replaced here, `oldestFirst` yields the replacement. */
  readonly events = new Map<EventRef, OutboxEvent>();
  /** By partition, in order. */
  readonly #refs: EventRef[][] = [];

  /** Adds an event. The events of a partition must be added in order. */
  add(partition: number, event: OutboxEvent): void {
    this.events.set(event.ref, event);
    (this.#refs[partition] ??= []).push(event.ref);
  }

  /** Yields the events of all partitions, oldest first. Those of one partition stay in their order. Sorts lazily. */
  *oldestFirst(): Generator<OutboxEvent, void> {
    const heads = new DueHeap<Head>();
    const push = (refs: readonly EventRef[], index: number): void => {
      const event = this.events.get(refs[index] ?? '');
      if (event !== undefined) heads.add(-event.ageMs, { refs, index, event });
    };
    // `forEach` skips partitions without events, which are holes in the array.
    this.#refs.forEach((refs) => push(refs, 0));
    for (let head = heads.takeDue(Infinity); head !== undefined; head = heads.takeDue(Infinity)) {
      yield head.event;
      push(head.refs, head.index + 1);
    }
  }
}
