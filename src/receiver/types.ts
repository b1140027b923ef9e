import type { EventName } from '../webhooks/event.ts';
import type { EventPattern } from '../webhooks/event-match.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { ReceiverState } from '../webhooks/replay.ts';
import type { Verdict } from './verdict.ts';

/**
 * How to respond to a request. Missing fields have the values of a correct endpoint.
 *
 * @since 0.1.0
 */
export interface Answer {
  /**
   * The status code; `'hang'` never responds, `'reset'` resets the connection. Default: 200 for a verified webhook, 401 for an
   * unverified one, 400 for a malformed one.
   */
  readonly status?: number | 'hang' | 'reset' | undefined;
  /** How long to wait before responding, in milliseconds. Default: 0. */
  readonly delayMs?: number | undefined;
  /** Header fields of the response. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body of the response, as text. Default: empty. */
  readonly body?: string | undefined;
}

/**
 * The answer to the next requests.
 *
 * @since 0.1.0
 */
export interface PlannedAnswer extends Answer {
  /** For how many requests, verified or not. Default: for all, until another plan is made. */
  readonly times?: number | undefined;
}

/**
 * A received webhook that has no answer yet.
 *
 * @since 0.1.0
 */
export interface Arrival {
  /** The requested path, with its query. */
  readonly path: string;
  /** Keyed by lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The received body, as text. */
  readonly body: string;
  /** Whether its signature, age and body are valid and, if not, why. */
  readonly verdict: Verdict;
  /** The events of the body, verified or not; empty if the body is malformed. */
  readonly events: readonly ReceivedEvent[];
  /** When the webhook was created, in milliseconds since 1970; undefined if the body is malformed. */
  readonly timeMs: number | undefined;
  /** `webhook-id`, the same on every attempt. */
  readonly id: string | undefined;
  /** `X-Soketify-Attempt`, counted from 1. */
  readonly attempt: number;
  /** When the webhook arrived, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/**
 * The unmodified request of an arrival, for forwarding. It is not kept.
 *
 * @since 0.1.0
 */
export interface OriginalRequest {
  /** The bytes of the body. */
  readonly body: Uint8Array;
  /** Names and values alternate, in their original case. */
  readonly rawHeaders: readonly string[];
}

/**
 * A webhook and how it was answered.
 *
 * @since 0.1.0
 */
export interface ReceivedWebhook extends Arrival {
  /** The answer. */
  readonly status: number | 'hang' | 'reset';
  /** How long the sender waits for the answer, in milliseconds. */
  readonly delayMs: number;
  /** It is verified and answered with 2xx. Its events count, unless they have counted before or it is a test. */
  readonly isAccepted: boolean;
  /** It is verified, and a webhook with this `webhook-id` was accepted before. */
  readonly isDuplicate: boolean;
  /** It has the header `X-Soketify-Test`: an operator sent it to test the endpoint, and nothing has happened. */
  readonly isTest: boolean;
}

/**
 * Matches an event by some of its fields, as values or, for texts, regular expressions; or by a function.
 *
 * @since 0.1.0
 */
export type ReceivedMatch<Name extends EventName = EventName> =
  EventPattern<Name> | ((event: ReceivedEvent) => boolean);

/**
 * How long a wait of a receiver takes at most, and which match it returns.
 *
 * @since 0.1.0
 */
export interface ReceivedWait {
  /** How long to wait, in milliseconds of real time. Default: 5000. */
  readonly timeoutMs?: number | undefined;
  /** Which of the matching items to return, counted from 1 since the start. Default: 1. */
  readonly nth?: number | undefined;
}

/**
 * The options of `startReceiver`. All are optional.
 *
 * @since 0.1.0
 */
export interface ReceiverOptions {
  /** The secret of the app, whatever `X-Pusher-Key` contains. Default: `app-secret`, the secret of the default app. */
  readonly secret?: string | undefined;
  /** Secrets by key, instead of `secret`. A webhook with another key is not verified. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default: 0, any free port. */
  readonly port?: number | undefined;
  /** The only path that accepts webhooks; other paths respond with 404. Default: every path. */
  readonly path?: string | undefined;
  /**
   * Decides the answer to each request without a planned one; return undefined for the default answer. An exception from it is
   * answered with 500, and `close` throws it again.
   */
  readonly respond?: (
    arrival: Arrival,
    original: OriginalRequest,
  ) => Answer | undefined | Promise<Answer | undefined>;
  /** Called for each webhook once its answer is decided. */
  readonly onWebhook?: (webhook: ReceivedWebhook) => void;
  /** The age from which a webhook is not verified, in milliseconds. Default: 300000, as in Pusher's libraries. */
  readonly maxAgeMs?: number | undefined;
  /** How many webhooks, events and ids are remembered; the oldest are removed first. Default: 100000. */
  readonly memory?: number | undefined;
}

/**
 * A webhook endpoint for tests on this machine.
 *
 * @example
 * receiver.respondWith({ status: 500, times: 2 });
 * await receiver.waitFor({ name: 'channel_occupied', channel: 'news' });
 * console.log(receiver.state().occupied);
 * @since 0.1.0
 */
export interface Receiver extends AsyncDisposable {
  /** The `url` to configure for the endpoint. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Every webhook, verified or not, in the order in which the answers were decided. */
  readonly webhooks: readonly ReceivedWebhook[];
  /** The events of accepted webhooks, each webhook once: what a backend knows. */
  readonly events: readonly ReceivedEvent[];
  /** The state after these events: which channels are occupied, and their members. */
  state(): ReceiverState;
  /**
   * Resolves with a matching event of `events`, past or future. It does not move the clock; with a virtual clock, use
   * `soketify.webhooks.waitFor`.
   *
   * @throws EmulatorError with ERR_WEBHOOK_MISSING after the timeout, describing what arrived instead; with ERR_CLOSED when the
   * receiver is closed; with ERR_ARGUMENT_INVALID for an invalid match or option.
   */
  waitFor<Name extends EventName = EventName>(
    match: ReceivedMatch<Name>,
    options?: ReceivedWait,
  ): Promise<ReceivedEvent<Name>>;
  /**
   * The same for webhooks, accepted or not. Without a match, any webhook counts.
   *
   * @throws EmulatorError with the codes of `waitFor`.
   */
  waitForWebhook(
    accepts?: (webhook: ReceivedWebhook) => boolean,
    options?: ReceivedWait,
  ): Promise<ReceivedWebhook>;
  /**
   * Plans the answer to the next requests. Several plans apply in their order; a plan without `times` applies until the next plan is
   * made.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID if a field is invalid.
   */
  respondWith(answer: PlannedAnswer): void;
  /** Forgets received webhooks and plans. Pending waits continue. */
  reset(): void;
  /** Stops listening, closes the connections, and leaves no open handle. Further calls wait for the same shutdown. */
  close(): Promise<void>;
}
