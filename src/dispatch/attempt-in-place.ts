import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { Outcome, WebhookRequest, WebhookSender } from '../ports/webhook-sender.ts';
import type { AttemptPlaces, Claim, Contender, Place } from '../webhooks/attempt-places.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { Application } from '../apps/application.ts';

/** The current configuration of an endpoint. */
export interface ResendTarget {
  readonly app: Application;
  readonly endpoint: Endpoint;
  /** The kind of an attempt to it. */
  readonly claim: Claim;
}

/** What a requested attempt needs. */
export interface AttemptInPlaceOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly sender: WebhookSender;
  readonly places: AttemptPlaces;
  readonly requestTimeoutMs: Millis;
}

/** The result of an attempt. */
export interface MadeAttempt {
  readonly outcome: Outcome;
  /** Time of day at which it started, in milliseconds. */
  readonly timeMs: number;
  readonly elapsedMs: Millis;
}

/** Runs `work` with a place for an attempt, if one becomes free within the time-out of a request; otherwise returns `busy`. */
export async function inPlace<T>(
  { clock, places, requestTimeoutMs }: AttemptInPlaceOptions,
  target: ResendTarget,
  work: () => Promise<T>,
): Promise<T | 'busy'> {
  const place = await takePlace();
  if (place === undefined) return 'busy';
  try {
    return await work();
  } finally {
    places.giveBack(place);
  }

  function takePlace(): Promise<Place | undefined> {
    return new Promise((resolve) => {
      const contender: Contender = {
        get claim() {
          return target.claim;
        },
        proceed() {
          const taken = places.take(contender);
          if (taken === undefined) return;
          cancel();
          resolve(taken);
        },
      };
      const cancel = clock.after(requestTimeoutMs, () => {
        places.leave(contender);
        resolve(undefined);
      });
      contender.proceed();
    });
  }
}

/** Makes one attempt. The caller has taken a place for it. */
export async function attemptNow(
  { clock, wallTime, sender, requestTimeoutMs }: AttemptInPlaceOptions,
  request: WebhookRequest,
): Promise<MadeAttempt> {
  const startedAt = clock.now();
  const timeMs = wallTime.now();
  const outcome = await sender.send(request, requestTimeoutMs);
  return { outcome, timeMs, elapsedMs: clock.now() - startedAt };
}
