import type { ChannelName } from '../protocol/channel-name.ts';
import type { ErrorReason } from '../protocol/refusals.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { Millis } from './clock.ts';

/** A connection, as far as a witness needs it. */
export interface WitnessedConnection {
  readonly socketId: SocketId;
  readonly app: { readonly config: { readonly id: string } };
}

/** A connection with its state until it closed. */
export interface WitnessedSession extends WitnessedConnection {
  /** When it was opened, on the clock that the liveness checks use. */
  readonly openedAt: Millis;
  /** By channel name. */
  readonly subscriptions: ReadonlyMap<string, unknown>;
  /** The signed-in user. */
  readonly user: { readonly userId: string } | undefined;
}

/** A subscription of a connection. */
export interface WitnessedSubscription {
  readonly channel: { readonly name: ChannelName };
  /** Only on presence channels. */
  readonly userId: string | undefined;
}

/** How a subscription ended. `refused`: the connection joined and was then found to exceed a limit. */
export type Leaving = 'unsubscribed' | 'disconnected' | 'refused';

/** A published event. */
export interface WitnessedTrigger {
  readonly name: string;
  readonly data: string;
  readonly channels: readonly ChannelName[];
  /** The connection that must not receive it. */
  readonly except?: SocketId | undefined;
}

/** A client event, as it was forwarded. */
export interface WitnessedClientEvent {
  readonly channel: string;
  readonly event: string;
  readonly data: string;
}

/** Who published: a backend, or a person in the Dashboard. */
export type PublishSource = 'api' | 'admin';

/** Why a connection closed. `client`: this server did not close it. */
export type DisconnectReason = ErrorReason | 'client';

/**
 * Is notified of joins and leaves, of published events, and of webhook events that no endpoint gets, in order to explain later
 * what caused an event. Delivery facts cover the events that endpoints get. An event is the same object throughout. Nothing
 * waits for a witness, and it must not change anything. It receives existing objects: what it does not keep costs nothing.
 */
export interface Witness {
  /** A client that was accepted, or a backend that knows the secret, used this key of the app. */
  keyUsed(appId: string, key: string): void;
  /** A client was accepted. */
  connected(connection: WitnessedConnection, remoteAddress: string): void;
  /** An accepted connection has closed. It still has the subscriptions that it is about to leave. */
  disconnected(session: WitnessedSession, reason: DisconnectReason): void;
  /** A connection has signed in as a user, or again as the same one. */
  signedIn(connection: WitnessedConnection, userId: string): void;
  /** A connection joins a channel. The resulting events follow in the same turn. */
  joined(connection: WitnessedConnection, channel: ChannelName, userId: string | undefined): void;
  /** A connection has left a channel. The resulting events follow in the same turn, or after the grace period. */
  left(connection: WitnessedConnection, subscription: WitnessedSubscription, how: Leaving): void;
  /** An event was published on its channels. */
  published(appId: string, trigger: WitnessedTrigger, source: PublishSource): void;
  /** A client event is forwarded. `userId` is the sender's on a presence channel. */
  clientEvent(connection: WitnessedConnection, event: WitnessedClientEvent, userId: string | undefined): void;
  /** An event is not sent, because its subject returned within the grace period, or because it is a duplicate. */
  suppressed(appId: string, event: WebhookEvent, why: 'grace' | 'duplicate'): void;
  /** An event happened that no endpoint selects. */
  unwanted(appId: string, event: WebhookEvent): void;
}

const noop = (): void => {};

/** A witness that ignores everything. */
export const noWitness: Witness = {
  keyUsed: noop,
  connected: noop,
  disconnected: noop,
  signedIn: noop,
  joined: noop,
  left: noop,
  published: noop,
  clientEvent: noop,
  suppressed: noop,
  unwanted: noop,
};
