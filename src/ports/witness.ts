import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { WebhookEvent } from '../webhooks/event.ts';

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

/**
 * Hears who comes and goes, and of events that no endpoint gets, for whoever has to explain what caused an event. What becomes
 * of the others, the stream of delivery facts says. An event is the same object throughout. Nobody waits for a witness, and
 * it changes nothing.
 */
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
}

const nothing = (): void => {};

/** Nobody looks. */
export const noWitness: Witness = {
  joined: nothing,
  left: nothing,
  suppressed: nothing,
  unwanted: nothing,
};
