import type { Millis } from '../ports/clock.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Log } from '../ports/log.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics } from '../ports/metrics.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import type { WebhookRequest } from '../ports/webhook-sender.ts';
import { createRequest } from '../webhooks/attempt.ts';
import { describeAttempt, type LetterAttempt } from '../webhooks/dead-letter.ts';
import { createPayload } from '../webhooks/payload.ts';
import {
  attemptNow,
  inPlace,
  type AttemptInPlaceOptions,
  type ResendTarget,
} from '../dispatch/attempt-in-place.ts';

/** An attempt that was made on demand. */
export interface ResentFact {
  /** The `webhook-id` of the delivery. */
  readonly deliveryId: string;
  readonly request: WebhookRequest;
  readonly attempt: LetterAttempt;
  /** The number of events in it. */
  readonly events: number;
}

/** What resending needs. */
export interface ResenderOptions extends AttemptInPlaceOptions {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'webhookAttempt'>;
  readonly letters: Pick<DeadLetters, 'find' | 'attempted'>;
  /** The epoch of the state. */
  readonly epoch: () => string;
  /** Undefined if there is no such endpoint. */
  readonly target: (appId: string, endpointId: string) => ResendTarget | undefined;
  /** Called after each attempt. Resends cause no delivery facts. */
  readonly onAttempt?: ((fact: ResentFact) => void) | undefined;
}

/** A delivery as it was sent, or would have been. The same body is built from it again. */
export interface Delivery {
  readonly appId: string;
  readonly endpointId: string;
  /** Its `webhook-id`. */
  readonly id: string;
  /** `time_ms` of its body. */
  readonly timeMs: number;
  /** Its events as they appear in the body, in order. */
  readonly events: readonly string[];
  /** The number of attempts that have begun, including resends. */
  readonly attemptsMade: number;
  /** How often it was resent. */
  readonly resends: number;
}

/**
 * Why nothing was sent. `unknown`: the letter is not kept. `gone`: its endpoint is not configured. `disabled` or `held`: its
 * endpoint is. `under-way`: this delivery is being sent. `busy`: no place for an attempt became free in time.
 */
export type NotSent = 'unknown' | 'gone' | 'disabled' | 'held' | 'under-way' | 'busy';

/** The result of the attempt, or why there was none. */
export type Resent = LetterAttempt | NotSent | Unavailable;

/** A delivery, and its endpoint. */
interface Found {
  readonly delivery: Delivery;
  readonly target: ResendTarget;
}

type Find = () => MaybePromise<Found | NotSent | Unavailable>;

function isFound(found: Found | NotSent | Unavailable): found is Found {
  return typeof found === 'object';
}

/** Makes another attempt at a delivery, with the same id and body, and with a header that marks it as a resend. */
export class Resender {
  readonly #options: ResenderOptions;
  /** By app and delivery. */
  readonly #underWay = new Set<string>();

  constructor(options: ResenderOptions) {
    this.#options = options;
  }

  /** Makes one attempt at a letter, as soon as there is a place for it within the time-out of a request. */
  resend(appId: string, id: string): Promise<Resent> {
    return this.#once(appId, id, () => this.#findLetter(appId, id));
  }

  /** The same with a recorded delivery, whatever its result was. */
  resendRecorded(delivery: Delivery): Promise<Resent> {
    return this.#once(delivery.appId, delivery.id, () => this.#findRecorded(delivery));
  }

  async #once(appId: string, id: string, find: Find): Promise<Resent> {
    const key = `${appId}\n${id}`;
    if (this.#underWay.has(key)) return 'under-way';
    this.#underWay.add(key);
    try {
      return await this.#send(find);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #send(find: Find): Promise<Resent> {
    const found = await find();
    if (!isFound(found)) return found;
    return await inPlace<Resent>(this.#options, found.target, async () => {
      // Much may have happened while it waited.
      const current = await find();
      return isFound(current) ? await this.#attempt(current) : current;
    });
  }

  async #findLetter(appId: string, id: string): Promise<Found | NotSent | Unavailable> {
    const letter = await this.#options.letters.find(appId, id);
    if (isUnavailable(letter)) return letter;
    if (letter === undefined) return 'unknown';
    return this.#aim({ ...letter, events: letter.events.map(({ json }) => json) });
  }

  async #findRecorded(delivery: Delivery): Promise<Found | NotSent | Unavailable> {
    const { appId, id, attemptsMade, resends } = delivery;
    const letter = await this.#options.letters.find(appId, id);
    // Another node keeps dropped deliveries. On a node that sends to the endpoint, the local record has to suffice.
    const known = isUnavailable(letter) ? undefined : letter;
    const found = this.#aim({
      ...delivery,
      attemptsMade: Math.max(attemptsMade, known?.attemptsMade ?? 0),
      resends: Math.max(resends, known?.resends ?? 0),
    });
    return found === 'gone' && isUnavailable(letter) ? letter : found;
  }

  #aim(delivery: Delivery): Found | NotSent {
    const target = this.#options.target(delivery.appId, delivery.endpointId);
    return target === undefined ? 'gone' : (refuseResend(target) ?? { delivery, target });
  }

  async #attempt({ delivery, target: { app, endpoint } }: Found): Promise<LetterAttempt> {
    const { appId, id } = delivery;
    const number = delivery.attemptsMade + 1;
    const resend = delivery.resends + 1;
    const { wallTime, epoch } = this.#options;
    const which = { attempt: number, atMs: wallTime.now(), epoch: epoch(), resend };
    const request = createRequest(app, endpoint, createPayload(delivery), which);
    const { outcome, timeMs, elapsedMs } = await attemptNow(this.#options, request);
    const attempt = describeAttempt(outcome, { number, resend, timeMs, elapsedMs: Math.round(elapsedMs) });
    this.#options.letters.attempted(appId, id, attempt);
    this.#log(delivery, attempt, elapsedMs);
    this.#options.onAttempt?.({ deliveryId: id, request, attempt, events: delivery.events.length });
    return attempt;
  }

  #log({ appId, endpointId, id, events }: Delivery, attempt: LetterAttempt, elapsedMs: Millis): void {
    const { log, metrics } = this.#options;
    const { result, status, error, resend } = attempt;
    metrics.webhookAttempt(appId, endpointId, result, elapsedMs);
    const fields = {
      appId,
      endpoint: endpointId,
      webhookId: id,
      resend,
      events: events.length,
      result,
      status,
      error,
    };
    log.info({ ...fields, elapsedMs: attempt.elapsedMs }, 'webhook sent again');
  }
}

/** Why nothing may be resent to the endpoint; undefined if it may. */
export function refuseResend({ endpoint }: Pick<ResendTarget, 'endpoint'>): 'disabled' | 'held' | undefined {
  if (!endpoint.isEnabled) return 'disabled';
  return endpoint.heldSinceMs === undefined ? undefined : 'held';
}
