import type { EmulatorErrorCode } from '../emulator/emulator-error.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import { Replay, type ReceiverState } from '../webhooks/replay.ts';
import type { Arrival, ReceivedWebhook } from './types.ts';
import { Arrivals } from './arrivals.ts';

/** What a receiver remembers: every webhook, and the events of the accepted ones. */
export class Memory {
  readonly webhooks: Arrivals<ReceivedWebhook>;
  readonly events: Arrivals<ReceivedEvent>;
  readonly #limit: number;
  readonly #acceptedIds = new Set<string>();
  #replay = new Replay();

  constructor(limit: number) {
    this.#limit = limit;
    this.webhooks = new Arrivals('webhook', limit);
    this.events = new Arrivals('event', limit, () => describeRefused(this.webhooks.items));
  }

  /** Remembers a webhook and its answer. An accepted webhook counts, unless it is a duplicate or a test. */
  add(arrival: Arrival, answer: Pick<ReceivedWebhook, 'status' | 'delayMs'>): ReceivedWebhook {
    const { id, headers, verdict, events } = arrival;
    const { status } = answer;
    const isDuplicate = verdict.verified && id !== undefined && this.#acceptedIds.has(id);
    const isAccepted = verdict.verified && typeof status === 'number' && status >= 200 && status < 300;
    const isTest = headers['x-soketify-test'] !== undefined;
    const webhook = { ...arrival, ...answer, isAccepted, isDuplicate, isTest };
    if (isAccepted && !isDuplicate && !isTest) {
      if (id !== undefined) this.#rememberId(id);
      for (const event of events) this.#replay.apply(event);
      for (const event of events) this.events.push(event);
    }
    this.webhooks.push(webhook);
    return webhook;
  }

  state(): ReceiverState {
    return this.#replay.state();
  }

  reset(): void {
    this.webhooks.clear();
    this.events.clear();
    this.#acceptedIds.clear();
    this.#replay = new Replay();
  }

  /** Nothing more will arrive. */
  fail(code: EmulatorErrorCode, why: string): void {
    this.webhooks.fail(code, why);
    this.events.fail(code, why);
  }

  #rememberId(id: string): void {
    this.#acceptedIds.add(id);
    if (this.#acceptedIds.size <= this.#limit) return;
    const [oldest] = this.#acceptedIds;
    if (oldest !== undefined) this.#acceptedIds.delete(oldest);
  }
}

/** A wait that fails also reports the webhooks that were not accepted. */
function describeRefused(webhooks: readonly ReceivedWebhook[]): string {
  const refused = webhooks.filter(({ isAccepted }) => !isAccepted);
  const last = refused.at(-1);
  if (last === undefined) return '';
  const { verdict, status } = last;
  const why = verdict.verified
    ? `answered ${status}`
    : `not verified (${verdict.reason}): ${verdict.message}`;
  return `\nWebhooks that were not accepted: ${refused.length}; the last one was ${why}.`;
}
