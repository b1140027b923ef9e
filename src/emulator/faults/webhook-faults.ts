import type { Clock, Millis } from '../../ports/clock.ts';
import type { Outcome, WebhookRequest, WebhookSender } from '../../ports/webhook-sender.ts';
import type { Activity } from '../time/activity.ts';
import type { FaultList } from './fault-list.ts';

/** Which requests a fault applies to, and when. */
interface Strike {
  /** Only requests to this endpoint: its id or its URL. */
  readonly endpoint?: string | undefined;
  /** How many requests; the default is all, until the fault is cleared. */
  readonly times?: number | undefined;
  /** Delays the request by this time, on the emulator clock. */
  readonly delayMs?: number | undefined;
  /** The endpoint still receives the request; only its response is lost. Default: it receives nothing. */
  readonly delivered?: boolean | undefined;
}

/** The effects of faults, with their values. */
interface Effects {
  /** The endpoint appears to respond with this status, from 200 to 599. */
  readonly status: number;
  /** The connection is reset. */
  readonly reset: boolean;
  /** The connection is refused. */
  readonly refuse: boolean;
  /** No response arrives within `webhooks.requestTimeoutMs`. */
  readonly timeout: boolean;
  /** The request arrives twice, as if an acknowledgement was lost. */
  readonly duplicate: boolean;
}

/** Exactly one of the effects. */
type OneEffect<Effect extends keyof Effects> = Pick<Effects, Effect> & {
  readonly [Other in Exclude<keyof Effects, Effect>]?: Exclude<Effects[Other], number | true> | undefined;
};

/** Only for `status`. */
interface NoRetryAfter {
  readonly retryAfterMs?: undefined;
}

/**
 * A fault of requests to endpoints: one of `status`, `reset`, `refuse`, `timeout`, `duplicate`, or `delayMs`, which can also be
 * combined with another one.
 *
 * @example
 * soketify.faults.webhooks({ status: 503, times: 3 });
 * soketify.faults.webhooks({ timeout: true, delivered: true, endpoint: 'audit' });
 * soketify.faults.webhooks({ delayMs: 1500 });
 * @since 0.1.0
 */
export type WebhookFault = Strike &
  (
    | (OneEffect<'status'> & {
        /** The `Retry-After` of the response, in milliseconds. */
        readonly retryAfterMs?: number | undefined;
      })
    | (OneEffect<'reset'> & NoRetryAfter)
    | (OneEffect<'refuse'> & NoRetryAfter)
    | (OneEffect<'timeout'> & NoRetryAfter)
    | (OneEffect<'duplicate'> & NoRetryAfter)
    | (OneEffect<never> & NoRetryAfter & { readonly delayMs: number })
  );

/** What a sender with faults needs. */
export interface FaultySenderOptions {
  readonly sender: WebhookSender;
  readonly faults: FaultList<WebhookFault>;
  readonly activity: Activity;
  readonly clock: Clock;
  /** How often the app was reset. What a fault holds back is not sent after a reset. */
  readonly resetsOf: (appId: string) => number;
}

/** A request, and whether its app was reset since. */
interface Posting {
  readonly request: WebhookRequest;
  readonly isForgotten: () => boolean;
}

/** Sends webhooks, unless a fault applies. */
export class FaultySender implements WebhookSender {
  readonly #options: FaultySenderOptions;
  #isClosed = false;

  constructor(options: FaultySenderOptions) {
    this.#options = options;
  }

  async send(request: WebhookRequest, timeoutMs: number): Promise<Outcome> {
    if (this.#isClosed) return { kind: 'unreachable', code: 'CLOSED' };
    const { appId, endpointId, url } = request;
    const { resetsOf } = this.#options;
    const resets = resetsOf(appId);
    const posting = { request, isForgotten: () => resetsOf(appId) !== resets };
    const fault = this.#options.faults.strike(
      appId,
      ({ endpoint }) => endpoint === undefined || endpoint === endpointId || endpoint === url,
    );
    if (fault === undefined) return this.#post(posting, timeoutMs);
    const delayMs = Math.min(fault.delayMs ?? 0, timeoutMs);
    if (delayMs > 0) await this.#wait(delayMs);
    if (delayMs >= timeoutMs) return { kind: 'timeout' };
    return this.#suffer(fault, posting, timeoutMs - delayMs);
  }

  /** Sends nothing from now on: every attempt fails immediately. */
  shut(): void {
    this.#isClosed = true;
  }

  close(): Promise<void> {
    this.shut();
    return this.#options.sender.close();
  }

  async #suffer(fault: WebhookFault, posting: Posting, timeoutMs: Millis): Promise<Outcome> {
    if (fault.duplicate === true) await this.#post(posting, timeoutMs);
    const outcome = outcomeOf(fault);
    if (outcome === undefined) return this.#post(posting, timeoutMs);
    if (fault.delivered === true) await this.#post(posting, timeoutMs);
    if (outcome.kind === 'timeout') await this.#wait(timeoutMs);
    return outcome;
  }

  async #post({ request, isForgotten }: Posting, timeoutMs: Millis): Promise<Outcome> {
    const { activity, sender } = this.#options;
    if (this.#isClosed || isForgotten()) return { kind: 'unreachable', code: 'CLOSED' };
    return activity.track(sender.send(request, timeoutMs));
  }

  #wait(ms: Millis): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }
}

/** The outcome that the sender sees instead of the response of the endpoint. */
function outcomeOf({ status, retryAfterMs, reset, refuse, timeout }: WebhookFault): Outcome | undefined {
  if (status !== undefined) {
    return { kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (reset === true) return { kind: 'unreachable', code: 'ECONNRESET' };
  if (refuse === true) return { kind: 'unreachable', code: 'ECONNREFUSED' };
  return timeout === true ? { kind: 'timeout' } : undefined;
}
