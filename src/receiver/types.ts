import type { EventName } from '../webhooks/event.ts';
import type { EventPattern } from '../webhooks/event-match.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { ReceiverState } from '../webhooks/replay.ts';
import type { Verdict } from './verdict.ts';

/** How a request is answered. Whatever is not said is as a good endpoint has it. */
export interface Answer {
  /**
   * The status; `'hang'` never answers, `'reset'` breaks the connection. Default: 200 for what is verified, 401
   * for what is not, 400 for what is malformed.
   */
  readonly status?: number | 'hang' | 'reset';
  /** How long the sender waits for it, in milliseconds. Default: 0. */
  readonly delayMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The answer to the next requests. */
export interface PlannedAnswer extends Answer {
  /** To how many requests, whether verified or not. Default: to all, until something else is planned. */
  readonly times?: number;
}

/** A webhook that has come and is not answered yet. */
export interface Arrival {
  /** The path with its query, as it was requested. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it came, as text. */
  readonly body: string;
  readonly verdict: Verdict;
  /** What the body tells, verified or not; none when it is malformed. */
  readonly events: readonly ReceivedEvent[];
  /** When it was made, in milliseconds since 1970; undefined when the body is malformed. */
  readonly timeMs: number | undefined;
  /** `webhook-id`, the same on every attempt. */
  readonly id: string | undefined;
  /** `X-Soketify-Attempt`, counted from 1. */
  readonly attempt: number;
  /** When it came, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** The request of an arrival as it came, for whoever passes it on. It is not kept. */
export interface OriginalRequest {
  /** The bytes of the body. */
  readonly body: Uint8Array;
  /** Names and values by turns, as they were written. */
  readonly rawHeaders: readonly string[];
}

/** A webhook, and what became of it. */
export interface ReceivedWebhook extends Arrival {
  /** What it is answered. */
  readonly status: number | 'hang' | 'reset';
  /** How long the sender waits for that, in milliseconds. */
  readonly delayMs: number;
  /** It is verified and answered 2xx: its events count, unless they have counted before. */
  readonly isAccepted: boolean;
  /** It is verified, and one with this `webhook-id` was accepted before. */
  readonly isDuplicate: boolean;
}

/** An event by some of its fields, of which a text may be given as a regular expression; or by any rule. */
export type ReceivedMatch<Name extends EventName = EventName> =
  EventPattern<Name> | ((event: ReceivedEvent) => boolean);

export interface ReceivedWait {
  /** How long to wait, in real milliseconds, before giving up. Default: 5000. */
  readonly timeoutMs?: number;
  /** Which of those that match, counted from 1 and from the beginning. Default: 1. */
  readonly nth?: number;
}

export interface ReceiverOptions {
  /** The app's secret, whatever `X-Pusher-Key` says. Default: that of the default app, `app-secret`. */
  readonly secret?: string;
  /** Instead of `secret`: secrets by key. A webhook with another key is not verified. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 0, any free one. */
  readonly port?: number;
  /** The only path that takes webhooks, others answer 404. Default: every path does. */
  readonly path?: string;
  /**
   * Decides about the answer to each request for which none is planned; undefined is the usual one. What it throws is
   * answered 500, and thrown again by `close`.
   */
  readonly respond?: (
    arrival: Arrival,
    original: OriginalRequest,
  ) => Answer | undefined | Promise<Answer | undefined>;
  /** Is told of each webhook once its answer is decided. */
  readonly onWebhook?: (webhook: ReceivedWebhook) => void;
  /** From which age on a webhook is not verified, in milliseconds. Default: 300000, as Pusher's libraries have it. */
  readonly maxAgeMs?: number;
  /** How many webhooks, events and ids are remembered; the oldest are forgotten first. Default: 100000. */
  readonly memory?: number;
}

/** A webhook endpoint for tests, on a port of this machine. */
export interface Receiver extends AsyncDisposable {
  /** What to configure as the endpoint's `url`. */
  readonly url: string;
  readonly port: number;
  /** Every webhook, in the order in which their answers were decided; verified or not. */
  readonly webhooks: readonly ReceivedWebhook[];
  /** What a backend has learnt: the events of accepted webhooks, each webhook once. */
  readonly events: readonly ReceivedEvent[];
  /** The state that these events tell: which channels are occupied, who is a member. */
  state(): ReceiverState;
  /**
   * Resolves with an event of `events` that matches, past or to come. It moves no clock: with a virtual one, wait by
   * `soketify.webhooks.waitFor`.
   *
   * @throws EmulatorError with ERR_WEBHOOK_MISSING after the time-out, saying what came instead; with ERR_CLOSED when the
   * receiver is closed; with ERR_ARGUMENT_INVALID for a match or an option that there is not.
   */
  waitFor<Name extends EventName = EventName>(
    match: ReceivedMatch<Name>,
    options?: ReceivedWait,
  ): Promise<ReceivedEvent<Name>>;
  /** The same for webhooks, accepted or not; without a rule any one does. */
  waitForWebhook(
    accepts?: (webhook: ReceivedWebhook) => boolean,
    options?: ReceivedWait,
  ): Promise<ReceivedWebhook>;
  /**
   * Plans the answer to the next requests. Several plans take turns in their order; one without `times` holds until
   * the next is made.
   */
  respondWith(answer: PlannedAnswer): void;
  /** Forgets what came and what was planned. Those who wait go on waiting. */
  reset(): void;
  /**
   * Stops listening, breaks the connections, and leaves nothing behind that keeps the process alive. Calling it again
   * waits for the same end.
   */
  close(): Promise<void>;
}
