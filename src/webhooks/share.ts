import type { EventRef } from '../ports/delivery-store.ts';

/** The result of an event at one endpoint. `released`: the endpoint no longer needs it. */
export type Fate = 'delivered' | 'dropped' | 'released';

/** Counts the endpoints that have not decided an event yet, and records the results at the others. */
export class Share {
  /** The event's place in the store that it was read from; undefined if it is in no store. */
  readonly ref: EventRef | undefined;
  #undecided: number;
  #wasDelivered = false;
  #wasDropped = false;

  constructor(ref: EventRef | undefined, undecided: number) {
    this.ref = ref;
    this.#undecided = undecided;
  }

  /** Whether no endpoint got the event and at least one dropped it. */
  get wasInVain(): boolean {
    return this.#wasDropped && !this.#wasDelivered;
  }

  /** Adds endpoints that wait for the event. */
  add(undecided: number): void {
    this.#undecided += undecided;
  }

  /** One endpoint has decided the event. Returns whether it was the last. */
  settle(fate: Fate): boolean {
    this.#undecided -= 1;
    this.#wasDelivered ||= fate === 'delivered';
    this.#wasDropped ||= fate === 'dropped';
    return this.#undecided === 0;
  }
}
