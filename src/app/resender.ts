import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import type { WebhookRequest, WebhookSender } from '../ports/webhook-sender.ts';
import type { AttemptPlaces, Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import { createRequest } from '../webhooks/attempt.ts';
import { describeAttempt, type DeadLetter, type LetterAttempt } from '../webhooks/dead-letter.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { createPayload } from '../webhooks/payload.ts';
import type { Application } from './application.ts';

/** An endpoint as it is configured now. */
export interface ResendTarget {
  readonly app: Application;
  readonly endpoint: Endpoint;
  /** What an attempt would be to it. */
  readonly claim: Claim;
}

/** An attempt that was made on demand. */
export interface ResentFact {
  /** The `webhook-id` of the delivery. */
  readonly deliveryId: string;
  readonly request: WebhookRequest;
  readonly attempt: LetterAttempt;
  /** How many events are in it. */
  readonly events: number;
}

/** What resending needs. */
export interface ResenderOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly sender: WebhookSender;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'webhookAttempt'>;
  readonly places: AttemptPlaces;
  readonly requestTimeoutMs: number;
  readonly letters: Pick<DeadLetters, 'find' | 'attempted'>;
  /** In which life of the state this is. */
  readonly epoch: () => string;
  /** Undefined: there is no such endpoint. */
  readonly target: (appId: string, endpointId: string) => ResendTarget | undefined;
  /** Hears of each attempt: a resend is no fact of deliveries. */
  readonly onAttempt?: (fact: ResentFact) => void;
}

/**
 * Why a letter was not sent: `unknown`, it is not kept; `gone`, its endpoint is not configured; `disabled`, it is;
 * `under-way`, this letter is being sent; `busy`, no place for an attempt became free in time.
 */
export type NotSent = 'unknown' | 'gone' | 'disabled' | 'under-way' | 'busy';

/** What came of the attempt, or why there was none. */
export type Resent = LetterAttempt | NotSent | Unavailable;

/** A letter, and where it goes. */
interface Found {
  readonly letter: DeadLetter;
  readonly target: ResendTarget;
}

function isFound(found: Found | NotSent | Unavailable): found is Found {
  return typeof found === 'object';
}

/** Makes one more attempt at what an endpoint did not get: the same id and body, and a header that says so. */
export class Resender {
  readonly #options: ResenderOptions;
  /** By app and letter. */
  readonly #underWay = new Set<string>();

  constructor(options: ResenderOptions) {
    this.#options = options;
  }

  /** Makes one attempt now, or as soon as there is a place for it within the time of a request. */
  async resend(appId: string, id: string): Promise<Resent> {
    const key = `${appId}\n${id}`;
    if (this.#underWay.has(key)) return 'under-way';
    this.#underWay.add(key);
    try {
      return await this.#resend(appId, id);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #resend(appId: string, id: string): Promise<Resent> {
    const found = await this.#find(appId, id);
    if (!isFound(found)) return found;
    const place = await this.#takePlace(found.target);
    if (place === undefined) return 'busy';
    try {
      // Much may have come between while it waited.
      const current = await this.#find(appId, id);
      return isFound(current) ? await this.#attempt(current.letter, current.target) : current;
    } finally {
      this.#options.places.giveBack(place);
    }
  }

  async #find(appId: string, id: string): Promise<Found | NotSent | Unavailable> {
    const letter = await this.#options.letters.find(appId, id);
    if (isUnavailable(letter)) return letter;
    if (letter === undefined) return 'unknown';
    const target = this.#options.target(appId, letter.endpointId);
    if (target === undefined) return 'gone';
    return target.endpoint.isEnabled ? { letter, target } : 'disabled';
  }

  #takePlace(target: ResendTarget): Promise<Place | undefined> {
    const { clock, places, requestTimeoutMs } = this.#options;
    return new Promise((resolve) => {
      const contender: Contender = {
        get claim() {
          return target.claim;
        },
        proceed() {
          const place = places.take(contender);
          if (place === undefined) return;
          cancel();
          resolve(place);
        },
      };
      const cancel = clock.after(requestTimeoutMs, () => {
        places.leave(contender);
        resolve(undefined);
      });
      contender.proceed();
    });
  }

  async #attempt(letter: DeadLetter, { app, endpoint }: ResendTarget): Promise<LetterAttempt> {
    const { clock, wallTime, sender, letters, requestTimeoutMs } = this.#options;
    const { id, timeMs, events } = letter;
    const number = letter.attemptsMade + 1;
    const resend = letter.resends + 1;
    const payload = createPayload({ id, timeMs, events: events.map(({ json }) => json) });
    const which = { attempt: number, epoch: this.#options.epoch(), resend };
    const startedAt = clock.now();
    const startedAtMs = wallTime.now();
    const request = createRequest(app, endpoint, payload, which);
    const outcome = await sender.send(request, requestTimeoutMs);
    const elapsedMs = clock.now() - startedAt;
    const attempt = describeAttempt(outcome, {
      number,
      resend,
      timeMs: startedAtMs,
      elapsedMs: Math.round(elapsedMs),
    });
    letters.attempted(letter.appId, id, attempt);
    this.#options.onAttempt?.({ deliveryId: id, request, attempt, events: events.length });
    this.#tell(letter, attempt, elapsedMs);
    return attempt;
  }

  #tell({ appId, endpointId, id, events }: DeadLetter, attempt: LetterAttempt, elapsedMs: Millis): void {
    const { log, metrics } = this.#options;
    const { result, status, error, resend } = attempt;
    metrics.webhookAttempt(appId, endpointId, result, elapsedMs);
    log.info(
      {
        appId,
        endpoint: endpointId,
        webhookId: id,
        resend,
        events: events.length,
        result,
        status,
        error,
        elapsedMs: attempt.elapsedMs,
      },
      'dropped webhook sent again',
    );
  }
}
