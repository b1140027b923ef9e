import type { Clock, Millis } from '../ports/clock.ts';
import type { StoredEventState, RestoredBatch } from '../ports/delivery-source.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { LinkedList } from '../structures/linked-list.ts';
import { createAlarm } from '../structures/alarm.ts';

/** Something from the store whose app or endpoint is not configured here. */
export type Foreign =
  | { readonly kind: 'batch'; readonly batch: RestoredBatch }
  /** The app is configured and only the endpoint is missing; its share of each event is counted. */
  | {
      readonly kind: 'batch-of-known';
      readonly batch: RestoredBatch;
      readonly queued: readonly QueuedEvent[];
    }
  | {
      readonly kind: 'event';
      readonly appId: string;
      readonly event: WebhookEvent;
      readonly state: StoredEventState;
    };

interface Held {
  readonly foreign: Foreign;
  readonly heldAt: Millis;
}

/** The maximum number of held items. Above it, the oldest is given up. */
const most = 10_000;

/**
 * Holds batches and events whose app or endpoint is not configured here. While a configuration change spreads from node to
 * node, others may know them. They stay in the store until another process takes them or they are configured here, at most for
 * the lifetime of a delivery; then `giveUp` is called.
 */
export class ForeignEvents {
  readonly #clock: Clock;
  readonly #keepForMs: Millis;
  readonly #giveUp: (foreign: Foreign) => void;
  readonly #alarm;
  #held = new LinkedList<Held>();

  constructor(clock: Clock, keepForMs: Millis, giveUp: (foreign: Foreign) => void) {
    this.#clock = clock;
    this.#keepForMs = keepForMs;
    this.#giveUp = giveUp;
    this.#alarm = createAlarm(clock, () => this.#expire());
  }

  hold(foreign: Foreign): void {
    const heldAt = this.#clock.now();
    this.#held.push({ foreign, heldAt });
    this.#alarm.set(heldAt + this.#keepForMs);
    const oldest = this.#held.size > most ? this.#held.shift() : undefined;
    if (oldest !== undefined) this.#giveUp(oldest.foreign);
  }

  /** Removes what is configured now, in the order of arrival, with its current age. */
  takeOf(isConfigured: (foreign: Foreign) => boolean): readonly Foreign[] {
    const at = this.#clock.now();
    const taken: Foreign[] = [];
    const kept = new LinkedList<Held>();
    for (const one of this.#held) {
      if (isConfigured(one.foreign)) taken.push(older(one.foreign, at - one.heldAt));
      else kept.push(one);
    }
    this.#held = kept;
    return taken;
  }

  /** Stops holding, and leaves everything as it is in the store. */
  stop(): void {
    this.#alarm.stop();
    this.#held = new LinkedList();
  }

  #expire(): void {
    const since = this.#clock.now() - this.#keepForMs;
    for (let { first } = this.#held; first !== undefined && first.heldAt <= since; { first } = this.#held) {
      this.#held.shift();
      this.#giveUp(first.foreign);
    }
    const next = this.#held.first;
    if (next !== undefined) this.#alarm.set(next.heldAt + this.#keepForMs);
  }
}

function older(foreign: Foreign, byMs: Millis): Foreign {
  if (foreign.kind === 'event') {
    return { ...foreign, state: { ...foreign.state, ageMs: foreign.state.ageMs + byMs } };
  }
  const { batch } = foreign;
  const events = batch.events.map((event) => ({ ...event, ageMs: event.ageMs + byMs }));
  return { ...foreign, batch: { ...batch, delayMs: batch.delayMs - byMs, events } };
}
