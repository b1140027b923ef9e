import { types } from 'node:util';
import type { ReceivedEvent } from '../webhooks/received.ts';
import { Replay, type ToldState } from '../webhooks/replay.ts';
import type { Arrival, ReceivedMatch, ReceivedWebhook } from './types.ts';
import { Arrivals } from './arrivals.ts';

/** What a receiver remembers: every webhook, and what a backend has learnt from those that it accepted. */
export class Memory {
  readonly webhooks: Arrivals<ReceivedWebhook>;
  readonly events: Arrivals<ReceivedEvent>;
  readonly #limit: number;
  readonly #acceptedIds = new Set<string>();
  #replay = new Replay();

  constructor(limit: number) {
    this.#limit = limit;
    this.webhooks = new Arrivals('webhook', limit);
    this.events = new Arrivals('event', limit);
  }

  /** Remembers a webhook with what it is answered. An accepted one counts, unless it has before. */
  add(arrival: Arrival, answer: Pick<ReceivedWebhook, 'status' | 'delayMs'>): ReceivedWebhook {
    const { id, verdict, events } = arrival;
    const { status } = answer;
    const isDuplicate = verdict.verified && id !== undefined && this.#acceptedIds.has(id);
    const isAccepted = verdict.verified && typeof status === 'number' && status >= 200 && status < 300;
    const webhook = { ...arrival, ...answer, isAccepted, isDuplicate };
    if (isAccepted && !isDuplicate) {
      if (id !== undefined) this.#rememberId(id);
      for (const event of events) this.#replay.apply(event);
      for (const event of events) this.events.push(event);
    }
    this.webhooks.push(webhook);
    return webhook;
  }

  state(): ToldState {
    return this.#replay.state();
  }

  reset(): void {
    this.webhooks.clear();
    this.events.clear();
    this.#acceptedIds.clear();
    this.#replay = new Replay();
  }

  fail(why: string): void {
    this.webhooks.fail(why);
    this.events.fail(why);
  }

  #rememberId(id: string): void {
    this.#acceptedIds.add(id);
    if (this.#acceptedIds.size <= this.#limit) return;
    const [oldest] = this.#acceptedIds;
    if (oldest !== undefined) this.#acceptedIds.delete(oldest);
  }
}

/** The rule that a match stands for. */
export function toRule(match: ReceivedMatch): (event: ReceivedEvent) => boolean {
  if (typeof match === 'function') return match;
  const wanted = Object.entries(match);
  return (event) => {
    const fields = new Map<string, unknown>(Object.entries(event));
    return wanted.every(([field, value]) => value === undefined || isAs(fields.get(field), value));
  };
}

function isAs(value: unknown, wanted: unknown): boolean {
  // Also one of another realm, as tests run by jest have them.
  if (!types.isRegExp(wanted)) return value === wanted;
  // A global expression would begin where it ended last.
  return typeof value === 'string' && value.search(wanted) >= 0;
}
