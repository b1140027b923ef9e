import type { RestoredEvent } from '../../../ports/delivery-source.ts';
import type { EventRef } from '../../../ports/delivery-store.ts';
import { DueHeap } from '../../../structures/due-heap.ts';
import type { KeptEntry } from '../channels/kept.ts';

/** An event of an outbox, and what has become of it so far. */
export type OutboxEvent = KeptEntry & RestoredEvent;

/** The first event of a partition that was not given yet. */
interface Head {
  readonly refs: readonly EventRef[];
  readonly index: number;
  readonly event: OutboxEvent;
}

/** The events of all outboxes, as a node that takes over finds them. */
export class Outboxes {
  /** By ref; what is put in the place of an event counts. */
  readonly events = new Map<EventRef, OutboxEvent>();
  /** By partition, in order. */
  readonly #refs: EventRef[][] = [];

  /** The events of a partition are added in their order. */
  add(partition: number, event: OutboxEvent): void {
    this.events.set(event.ref, event);
    (this.#refs[partition] ??= []).push(event.ref);
  }

  /** Oldest first, over all partitions; those of one partition in their order. It sorts as it goes. */
  *oldestFirst(): Generator<OutboxEvent, void> {
    const heads = new DueHeap<Head>();
    const push = (refs: readonly EventRef[], index: number): void => {
      const event = this.events.get(refs[index] ?? '');
      if (event !== undefined) heads.add(-event.ageMs, { refs, index, event });
    };
    // The partitions without events are holes.
    this.#refs.forEach((refs) => push(refs, 0));
    for (let head = heads.takeDue(Infinity); head !== undefined; head = heads.takeDue(Infinity)) {
      yield head.event;
      push(head.refs, head.index + 1);
    }
  }
}
