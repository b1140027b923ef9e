import type { Millis } from '../ports/clock.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import type { WebhookEvent } from './event.ts';
import type { QueuedEvent } from './lane.ts';

export const dropReasons = ['expired', 'overflow', 'shutdown', 'disabled', 'undone'] as const;

/**
 * Why an event was given up. `expired`: its five minutes are over; `overflow`: the queue's bound; `shutdown`;
 * `disabled`: its endpoint is; `undone`: the queue's bound, too, but another event that was given up with it undid it, so
 * that nothing is lost.
 */
export type DropReason = (typeof dropReasons)[number];

export const attemptResults = ['success', 'refused', 'timeout', 'unreachable'] as const;

/** What an attempt came to: `success` is 2xx, `refused` any other answer. */
export type AttemptResult = (typeof attemptResults)[number];

/** What an attempt came to: only 2xx is success. */
export function resultOf(outcome: Outcome): AttemptResult {
  if (outcome.kind !== 'answered') return outcome.kind;
  return outcome.status >= 200 && outcome.status < 300 ? 'success' : 'refused';
}

/** Something that has an endpoint which it serves. */
interface Serving {
  readonly endpoint: Endpoint;
}

/** An attempt has ended, whatever came of it. */
export interface AttemptEnded {
  readonly kind: 'attempt-ended';
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly result: AttemptResult;
  readonly elapsedMs: Millis;
  /** Until the next attempt; undefined: there is none. */
  readonly retryInMs: Millis | undefined;
  /** Whether the endpoint counted as failing before, and since: it is probed then, by one attempt at a time. */
  readonly wasFailing: boolean;
  readonly isFailing: boolean;
}

/** What became of events at an endpoint in the end. Of each event that an endpoint wants this is said once. */
export interface Decided {
  readonly kind: 'decided';
  readonly appId: string;
  readonly endpoint: Endpoint;
  readonly fate: 'delivered' | DropReason;
  readonly events: readonly QueuedEvent[];
  /** The delivery that they were in; undefined: they had not come that far. */
  readonly webhookId: string | undefined;
  /** `time_ms` of its body, likewise. */
  readonly timeMs: number | undefined;
  /** Deliveries of the endpoint that had begun when these events left its queue; their own is one of them. */
  readonly begun: number;
  /** Attempts of it that were begun. */
  readonly attempts: number;
}

/**
 * What happens on the way from an event to its endpoints, in order. Whoever has to count it, record it or explain it
 * subscribes; nobody waits for a subscriber, and none changes anything. An event is the same object throughout.
 */
export type DeliveryFact =
  /**
   * An event happened, or was read from a store. Of the endpoints that are served, `wanting` are to hear of it: `queued` is the
   * event on its way to them.
   */
  | {
      readonly kind: 'selected';
      readonly appId: string;
      readonly event: WebhookEvent;
      readonly served: readonly Serving[];
      readonly wanting: readonly Serving[];
      readonly queued: QueuedEvent | undefined;
    }
  | { readonly kind: 'attempt-began'; readonly attempt: Attempt }
  | AttemptEnded
  | Decided
  /** Events of a delivery that was kept are given up: their endpoint is not configured any more, and has not been for long. */
  | {
      readonly kind: 'unclaimed';
      readonly appId: string;
      readonly endpointId: string;
      readonly webhookId: string;
      readonly events: readonly QueuedEvent[];
    }
  /** An endpoint is disabled from now on; what waited for it has been dropped. */
  | { readonly kind: 'disabled'; readonly appId: string; readonly endpoint: Endpoint }
  | { readonly kind: 'enabled'; readonly appId: string; readonly endpoint: Endpoint }
  /** Nothing more becomes of what an endpoint has waiting, as far as this process is concerned. */
  | { readonly kind: 'ended'; readonly appId: string; readonly endpoint: Endpoint };

/** Hears of every fact, but for those kinds that it passes over: there are many `selected`, and calls cost. */
export interface DeliverySubscriber {
  (fact: DeliveryFact): void;
  readonly passesOver?: readonly DeliveryFact['kind'][];
}

/** A subscriber to whom it means nothing that an event was selected. */
export function passingSelected(hear: (fact: DeliveryFact) => void): DeliverySubscriber {
  return Object.assign(hear, { passesOver: ['selected'] as const });
}

/** What an endpoint has waiting at this moment. */
export interface QueueReading {
  readonly appId: string;
  /** Id of the endpoint. */
  readonly endpoint: string;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly isFailing: boolean;
}
