import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { DropReason } from './metrics.ts';
import type { Outcome, WebhookRequest } from './webhook-sender.ts';

/** A connection, as far as a witness has to know it. */
export interface WitnessedConnection {
  readonly socketId: SocketId;
  readonly app: { readonly config: { readonly id: string } };
}

/** A subscription of it. */
interface WitnessedSubscription {
  readonly channel: { readonly name: ChannelName };
  /** Presence channels only. */
  readonly userId: string | undefined;
}

/** One attempt to deliver events to an endpoint; the same object from its begin to its end. */
export interface WitnessedAttempt {
  readonly appId: string;
  readonly endpoint: Endpoint;
  /** The delivery, the same through all its attempts. */
  readonly webhookId: string;
  /** 1 is the first. */
  readonly number: number;
  readonly request: WebhookRequest;
  readonly events: readonly { readonly event: WebhookEvent }[];
}

/** Something that has an endpoint which it serves. */
interface Serving {
  readonly endpoint: Endpoint;
}

/**
 * Is told what becomes of every event on its way from a channel to the endpoints, and what caused it, for whoever
 * has to explain it. An event is the same object throughout. Nobody waits for a witness, and it changes nothing.
 */
export interface Witness {
  /** A connection joins a channel. What that causes is told in the same turn. */
  joined(connection: WitnessedConnection, channel: ChannelName, userId: string | undefined): void;
  /** A connection has left a channel. What that causes is told in the same turn, or after its grace. */
  left(
    connection: WitnessedConnection,
    subscription: WitnessedSubscription,
    how: 'unsubscribed' | 'disconnected',
  ): void;
  /** An event is not sent, because what it would have told was undone within the grace, or is known already. */
  suppressed(appId: string, event: WebhookEvent, why: 'grace' | 'duplicate'): void;
  /** An event happened of which no endpoint wants to hear. */
  unwanted(appId: string, event: WebhookEvent): void;
  /** An event happened. Of those that are served, `wanting` are to hear of it. */
  selected(appId: string, event: WebhookEvent, served: readonly Serving[], wanting: readonly Serving[]): void;
  attemptBegan(attempt: WitnessedAttempt): void;
  attemptEnded(attempt: WitnessedAttempt, outcome: Outcome): void;
  /** What became of an event at an endpoint in the end. */
  decided(appId: string, endpoint: Endpoint, event: WebhookEvent, fate: 'delivered' | DropReason): void;
}

const nothing = (): void => {};

/** Nobody looks. */
export const noWitness: Witness = {
  joined: nothing,
  left: nothing,
  suppressed: nothing,
  unwanted: nothing,
  selected: nothing,
  attemptBegan: nothing,
  attemptEnded: nothing,
  decided: nothing,
};
