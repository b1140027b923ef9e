import type { Millis } from '../ports/clock.ts';
import type { Attempt } from '../webhooks/attempt.ts';
import { resultOf, type DropReason } from '../webhooks/delivery-facts.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import type { AttemptEnd, DeliveryAttempt, EmulatorDelivery } from './records.ts';

/** What is known of one delivery. */
export class DeliveryRecord {
  readonly id: string;
  readonly appId: string;
  readonly #endpoint: string;
  readonly #eventIds: readonly number[];
  readonly #body: Uint8Array;
  readonly #attempts = new Map<number, DeliveryAttempt>();
  #url: string;
  #fate: 'delivered' | DropReason | undefined;

  constructor({ appId, webhookId, endpoint, request }: Attempt, eventIds: readonly number[]) {
    this.id = webhookId;
    this.appId = appId;
    this.#endpoint = endpoint.id;
    this.#url = request.url;
    this.#body = request.body;
    this.#eventIds = eventIds;
  }

  begin({ number, request }: Attempt, at: { readonly atMs: Millis; readonly timeMs: Millis }): void {
    this.#url = request.url;
    this.#attempts.set(number, { number, ...at, outcome: 'pending', headers: request.headers });
  }

  end({ number }: Attempt, outcome: Outcome, at: Millis): void {
    const begun = this.#attempts.get(number);
    if (begun === undefined) return;
    this.#attempts.set(number, { ...begun, elapsedMs: at - begun.atMs, ...endOf(outcome) });
  }

  decide(fate: 'delivered' | DropReason): void {
    this.#fate = fate;
  }

  describe(): EmulatorDelivery {
    const fate = this.#fate;
    return {
      id: this.id,
      appId: this.appId,
      endpoint: this.#endpoint,
      url: this.#url,
      ...(fate === undefined || fate === 'delivered'
        ? { status: fate ?? 'pending' }
        : { status: 'dropped', reason: fate }),
      eventIds: this.#eventIds,
      body: Buffer.from(this.#body).toString('utf8'),
      attempts: [...this.#attempts.values()],
    };
  }
}

/** The outcome as it is recorded. */
export function endOf(outcome: Outcome): AttemptEnd {
  switch (outcome.kind) {
    case 'answered': {
      const { status, body } = outcome;
      return {
        outcome: resultOf(outcome),
        status,
        ...(body !== undefined && { answer: body }),
      };
    }
    case 'timeout':
      return { outcome: 'timeout' };
    case 'unreachable':
      return { outcome: 'unreachable', error: outcome.code };
  }
}
