import type { ChannelName } from '../protocol/channel-name.ts';
import type { ErrorReason } from '../protocol/refusals.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { Millis } from './clock.ts';

/** A connection, as far as a witness has to know it. */
export interface WitnessedConnection {
  readonly socketId: SocketId;
  readonly app: { readonly config: { readonly id: string } };
}

/** A connection with what it held until it closed. */
export interface WitnessedSession extends WitnessedConnection {
  /** When it was opened, on the clock that watches for signs of life. */
  readonly openedAt: Millis;
  /** By channel name. */
  readonly subscriptions: ReadonlyMap<string, unknown>;
  /** Who is signed in. */
  readonly user: { readonly userId: string } | undefined;
}

/** A subscription of it. */
export interface WitnessedSubscription {
  readonly channel: { readonly name: ChannelName };
  /** Presence channels only. */
  readonly userId: string | undefined;
}

/** How a subscription ended. `refused`: it was let in and then found to be one too many. */
export type Leaving = 'unsubscribed' | 'disconnected' | 'refused';

/** Something that was published. */
export interface WitnessedTrigger {
  readonly name: string;
  readonly data: string;
  readonly channels: readonly ChannelName[];
  /** The connection that shall not receive it. */
  readonly except?: SocketId | undefined;
}

/** An event of a client, as it was passed on. */
export interface WitnessedClientEvent {
  readonly channel: string;
  readonly event: string;
  readonly data: string;
}

/** Who published: a backend, or a person in the Dashboard. */
export type PublishSource = 'api' | 'dashboard';

/** Why a connection closed; `client`: nobody here closed it. */
export type DisconnectReason = ErrorReason | 'client';

/**
 * Hears who comes and goes, what is published, and of events that no endpoint gets, for whoever has to explain what caused
 * an event. What becomes of the others, the stream of delivery facts says. An event is the same object throughout. Nobody
 * waits for a witness, and it changes nothing. It is handed what there is already: what it does not keep costs nothing.
 */
export interface Witness {
  /** Somebody showed a key of the app: a client that was let in, or a backend that knows the secret. */
  keyUsed(appId: string, key: string): void;
  /** A client was let in. */
  connected(connection: WitnessedConnection, remoteAddress: string): void;
  /** A connection that was let in has closed. It still has the channels that it is about to leave. */
  disconnected(session: WitnessedSession, reason: DisconnectReason): void;
  /** A connection joins a channel. What that causes is told in the same turn. */
  joined(connection: WitnessedConnection, channel: ChannelName, userId: string | undefined): void;
  /** A connection has left a channel. What that causes is told in the same turn, or after its grace. */
  left(connection: WitnessedConnection, subscription: WitnessedSubscription, how: Leaving): void;
  /** An event was published on its channels. */
  published(appId: string, trigger: WitnessedTrigger, source: PublishSource): void;
  /** A client's event is passed on; `userId` is the sender's on a presence channel. */
  clientEvent(connection: WitnessedConnection, event: WitnessedClientEvent, userId: string | undefined): void;
  /** An event is not sent, because what it would have told was undone within the grace, or is known already. */
  suppressed(appId: string, event: WebhookEvent, why: 'grace' | 'duplicate'): void;
  /** An event happened of which no endpoint wants to hear. */
  unwanted(appId: string, event: WebhookEvent): void;
}

const nothing = (): void => {};

/** Nobody looks. */
export const noWitness: Witness = {
  keyUsed: nothing,
  connected: nothing,
  disconnected: nothing,
  joined: nothing,
  left: nothing,
  published: nothing,
  clientEvent: nothing,
  suppressed: nothing,
  unwanted: nothing,
};
