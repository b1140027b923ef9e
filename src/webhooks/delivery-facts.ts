import type { Millis } from '../ports/clock.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import type { WebhookEvent } from './event.ts';
import type { QueuedEvent } from './lane.ts';

export const dropReasons = ['expired', 'overflow', 'shutdown', 'disabled', 'undone'] as const;

/**
 * Why an event was dropped. `expired`: its five minutes are over. `overflow`: the queue reached its bound. `shutdown`: the
 * server stopped. `disabled`: its endpoint is disabled. `undone`: the queue reached its bound, and another event that was
 * dropped with it cancels it out, so that nothing is lost.
 */
export type DropReason = (typeof dropReasons)[number];

export const attemptResults = ['success', 'refused', 'timeout', 'unreachable'] as const;

/** The result of an attempt: `success` is a 2xx status, `refused` any other. */
export type AttemptResult = (typeof attemptResults)[number];

/** Classifies the outcome of an attempt: only a 2xx status is success. */
export function resultOf(outcome: Outcome): AttemptResult {
  if (outcome.kind !== 'answered') return outcome.kind;
  return outcome.status >= 200 && outcome.status < 300 ? 'success' : 'refused';
}

/** Errors of connections that were open: the request may have arrived. */
const errorsAfterRequest = /^(?:ECONNRESET|EPIPE|HPE_)/;

/** Whether the endpoint may have received the events of an attempt, although it has not answered in time. */
export function mayHaveArrived(outcome: Outcome): boolean {
  if (outcome.kind === 'unreachable') return errorsAfterRequest.test(outcome.code);
  return outcome.kind === 'timeout';
}

/** Something that serves an endpoint. */
interface Serving {
  readonly endpoint: Endpoint;
}

/** An attempt has ended, successfully or not. */
export interface AttemptEnded {
  readonly kind: 'attempt-ended';
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly result: AttemptResult;
  readonly elapsedMs: Millis;
  /** Time until the next attempt; undefined if there is none. */
  readonly retryInMs: Millis | undefined;
  /** Whether the endpoint counted as failing before this attempt. A failing endpoint is probed with one attempt at a time. */
  readonly wasFailing: boolean;
  readonly isFailing: boolean;
}

/** The final result of events at an endpoint. It is reported once for each event and each endpoint that selects it. */
export interface Decided {
  readonly kind: 'decided';
  readonly appId: string;
  readonly endpoint: Endpoint;
  readonly fate: 'delivered' | DropReason;
  readonly events: readonly QueuedEvent[];
  /** The delivery that contained them; undefined if they were not in one yet. */
  readonly webhookId: string | undefined;
  /** `time_ms` of its body; undefined if there was no delivery. */
  readonly timeMs: number | undefined;
  /** The number of deliveries of the endpoint that had begun when these events left its queue, including their own. */
  readonly deliveriesStarted: number;
  /** The number of attempts of the delivery. */
  readonly attempts: number;
  /** Whether the endpoint may have accepted them in an earlier run of the process, which did not note the answer. */
  readonly isUnsure: boolean;
  /** Whether the endpoint may have received them without answering in time. */
  readonly mayHaveArrived: boolean;
}

/** This process stops without a decision on these events at an endpoint. They stay in the store, for the next process. */
export interface Left {
  readonly kind: 'left';
  readonly appId: string;
  readonly endpoint: Endpoint;
  /** The delivery that contained them; undefined if they were not in one yet. */
  readonly webhookId: string | undefined;
  readonly events: readonly QueuedEvent[];
}

/**
 * What happens between an event and its endpoints, in order. Subscribers count, record or explain it. Nothing waits for a
 * subscriber, and a subscriber must not change anything. An event is the same object throughout.
 */
export type DeliveryFact =
  /**
   * An event happened `ageMs` ago, or was read from a store. `served` are the endpoints served here, `selecting` those that select
   * it, except those that decided it before (`settledFor`), and `queued` the event in their queues. A process that returns to a store may read the same event again.
   */
  | {
      readonly kind: 'selected';
      readonly appId: string;
      readonly event: WebhookEvent;
      readonly served: readonly Serving[];
      readonly selecting: readonly Serving[];
      readonly queued: QueuedEvent | undefined;
      readonly ageMs: Millis;
      readonly settledFor: ReadonlySet<string>;
    }
  | { readonly kind: 'attempt-began'; readonly attempt: Attempt }
  | AttemptEnded
  | Decided
  /** A delivery of another process, or of an earlier dispatcher of this one, continues here. Its next attempt starts after `delayMs`. */
  | {
      readonly kind: 'resumed';
      readonly appId: string;
      readonly endpoint: Endpoint;
      readonly webhookId: string;
      readonly events: readonly QueuedEvent[];
      readonly delayMs: Millis;
    }
  | Left
  /** The events of a stored delivery are dropped because their endpoint has been missing from the configuration for long. */
  | {
      readonly kind: 'unclaimed';
      readonly appId: string;
      readonly endpointId: string;
      readonly webhookId: string;
      readonly events: readonly QueuedEvent[];
    }
  /** An endpoint was disabled; the events that waited for it were dropped. */
  | { readonly kind: 'disabled'; readonly appId: string; readonly endpoint: Endpoint }
  | { readonly kind: 'enabled'; readonly appId: string; readonly endpoint: Endpoint }
  /** This process no longer serves the endpoint and does nothing more with its waiting events. */
  | { readonly kind: 'ended'; readonly appId: string; readonly endpoint: Endpoint };

/** Receives every fact, except for the kinds in `ignores`: `selected` is frequent, and each call has a cost. */
export interface DeliverySubscriber {
  (fact: DeliveryFact): void;
  readonly ignores?: readonly DeliveryFact['kind'][];
}

/** Makes a subscriber that does not receive `selected`. */
export function ignoringSelected(receive: (fact: DeliveryFact) => void): DeliverySubscriber {
  return Object.assign(receive, { ignores: ['selected'] } satisfies Pick<DeliverySubscriber, 'ignores'>);
}

/** The current length of an endpoint's queue. */
export interface QueueReading {
  readonly appId: string;
  /** Id of the endpoint. */
  readonly endpoint: string;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly isFailing: boolean;
}
