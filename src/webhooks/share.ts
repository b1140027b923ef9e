import type { EventRef } from '../ports/delivery-store.ts';

/** What has come of an event at one endpoint. `released`: it is not to get it any more, whatever it got. */
export type Fate = 'delivered' | 'dropped' | 'released';

/** Who is not done with an event yet, and what has come of it at the others. */
export class Share {
  /** The event's place in the store that it was read from; undefined when it is in none. */
  readonly ref: EventRef | undefined;
  #undecided: number;
  #wasDelivered = false;
  #wasDropped = false;

  constructor(ref: EventRef | undefined, undecided: number) {
    this.ref = ref;
    this.#undecided = undecided;
  }

  /** Every endpoint that was to hear of the event dropped it, of which there was one. */
  get wasInVain(): boolean {
    return this.#wasDropped && !this.#wasDelivered;
  }

  /** So many more wait for it. */
  add(undecided: number): void {
    this.#undecided += undecided;
  }

  /** One of them is done with it. Returns whether it was the last. */
  settle(fate: Fate): boolean {
    this.#undecided -= 1;
    this.#wasDelivered ||= fate === 'delivered';
    this.#wasDropped ||= fate === 'dropped';
    return this.#undecided === 0;
  }
}
