import type { Clock } from '../ports/clock.ts';
import type { ConnectionSlots } from '../ports/connection-slots.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Socket } from '../ports/socket.ts';
import { clip } from '../protocol/clip.ts';
import { decode, type Command } from '../protocol/decode.ts';
import { encodeConnectionEstablished, encodeError, pongFrame } from '../protocol/encode.ts';
import {
  appDisabled,
  binaryNotSupported,
  originNotAllowed,
  overConnectionQuota,
  serverClosing,
  slowClient,
  tlsRequired,
  tooManyPendingFrames,
  unknownKey,
  unsupportedProtocol,
  type ClosingError,
} from '../protocol/errors.ts';
import { isAllowedOrigin } from '../protocol/origin.ts';
import { servesProtocol } from '../protocol/protocol-version.ts';
import { relayClientEvent, type ClientEventOptions } from './client-events.ts';
import type { LocalApp, LocalApps } from './local-app.ts';
import { PendingCommands } from './pending-commands.ts';
import { Session } from './session.ts';
import { Subscriptions, type SubscriptionOptions } from './subscriptions.ts';
import { Users } from './users.ts';

/** What the hub is made with. */
export interface HubOptions extends SubscriptionOptions, ClientEventOptions {
  readonly apps: LocalApps;
  readonly ids: Pick<Ids, 'socketId'>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** By which signs of life are dated; the one that watches for them. */
  readonly livenessClock: Clock;
  readonly activityTimeoutMs: number;
  /** Where connections of limited apps have to be counted elsewhere, too. */
  readonly slots?: ConnectionSlots;
}

/** What a client said when it connected. */
export interface Greeting {
  readonly key: string;
  /** The `protocol` of the query, if it had one. */
  readonly protocol: string | undefined;
  /** The page that connects, if it is one: the `Origin` header. */
  readonly origin: string | undefined;
  /** Whether what the client sends is encrypted on its way, to here or to a trusted proxy. */
  readonly isSecure: boolean;
  /** The client's address, as far as trusted proxies tell it. */
  readonly remoteAddress: string;
}

/** The use cases of a socket. The commands of one connection take effect strictly in order. */
export class Hub {
  readonly #options: HubOptions;
  readonly #subscriptions: Subscriptions;
  readonly #users: Users;
  #isClosing = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options);
    this.#users = new Users(options.ledger, options.clock);
  }

  /** A client has connected. Undefined if it was sent away. */
  open(socket: Socket, greeting: Greeting): Session | undefined {
    const { apps, livenessClock, ids, slots } = this.#options;
    const app = apps.byKey(greeting.key);
    const refusal = this.#isClosing ? serverClosing : refuseConnection(app, greeting);
    if (app === undefined || refusal !== undefined) {
      return this.#refuse(socket, greeting, refusal ?? unknownKey(greeting.key));
    }
    const session = new Session(app, ids.socketId(), socket, livenessClock.now());
    const { connections } = app.config.limits;
    if (slots === undefined || connections === Infinity) this.#admit(session);
    else void this.#admitIfFree(session, greeting, slots.take(app.config.id, connections));
    return session;
  }

  /** A text frame has come. */
  receive(session: Session, text: string): void {
    // A client that is being sent away may still be talking.
    if (!session.isOpen) return;
    this.heard(session);
    this.#options.metrics.messageReceived(session.app.config.id);
    const command = decode(text);
    if (command.kind === 'ping') return session.socket.send(pongFrame);
    if (command.kind === 'pong') return;
    if (session.pending === undefined) return this.#perform(session, command);
    session.pending.push(command, text.length);
    if (session.pending.isTooMuch) this.end(session, tooManyPendingFrames);
  }

  /** A binary frame has come. */
  receiveBinary(session: Session): void {
    if (!session.isOpen) return;
    this.heard(session);
    session.socket.send(encodeError(binaryNotSupported));
  }

  /** The client has given a sign of life. */
  heard(session: Session): void {
    session.lastHeardAt = this.#options.livenessClock.now();
    session.pingedAt = undefined;
  }

  /** The client reads too slowly: something for it was lost already, so it must come back afresh. */
  tooSlow(session: Session): void {
    if (!session.isOpen) return;
    this.#options.metrics.slowClientClosed(session.app.config.id);
    this.end(session, slowClient);
  }

  /** Ends a connection: the error as an event, for clients that see no close codes, then the close. */
  end(session: Session, error: ClosingError): void {
    sendAway(session.socket, error);
    this.closed(session);
  }

  /** Ends every connection of an app. */
  endAll(app: LocalApp, error: ClosingError): void {
    for (const session of Array.from(app.sessions.values())) this.end(session, error);
  }

  /** The connection has closed, in whichever way. Calling it again does nothing. */
  closed(session: Session): void {
    if (!session.isOpen) return;
    session.isOpen = false;
    session.pending = undefined;
    if (!session.isAdmitted) return;
    session.app.sessions.delete(session.socketId);
    this.#options.metrics.connectionClosed(session.app.config.id);
    this.#options.slots?.release(session.app.config.id);
    this.#subscriptions.disconnect(session);
    this.#users.disconnect(session);
  }

  /** Sends every client away, for good. */
  close(): void {
    this.#isClosing = true;
    this.#subscriptions.close();
    for (const app of this.#options.apps) this.endAll(app, serverClosing);
  }

  #admit(session: Session): void {
    const { metrics, activityTimeoutMs } = this.#options;
    const { app, socketId, socket } = session;
    session.isAdmitted = true;
    app.sessions.set(socketId, session);
    metrics.connectionOpened(app.config.id);
    socket.send(encodeConnectionEstablished(socketId, Math.round(activityTimeoutMs / 1000)));
  }

  /** What the client says meanwhile waits. Whatever has changed meanwhile counts. */
  async #admitIfFree(session: Session, greeting: Greeting, slot: Promise<boolean>): Promise<void> {
    const { apps, slots } = this.#options;
    const { app, socket } = session;
    session.pending = new PendingCommands();
    const isFree = await slot;
    const refusal = this.#isClosing ? serverClosing : refuseConnection(apps.byKey(greeting.key), greeting);
    if (isFree && refusal === undefined && session.isOpen) {
      this.#admit(session);
      return this.#resume(session);
    }
    if (isFree) slots?.release(app.config.id);
    if (!session.isOpen) return;
    this.closed(session);
    this.#refuse(socket, greeting, refusal ?? overConnectionQuota(app.config.limits.connections));
  }

  #refuse(socket: Socket, { key, origin, remoteAddress }: Greeting, error: ClosingError): undefined {
    const { code, message } = error;
    this.#options.log.info(
      { code, error: message, key: clip(key), origin: origin && clip(origin), remoteAddress },
      'connection refused',
    );
    sendAway(socket, error);
    return undefined;
  }

  #perform(session: Session, command: Command): void {
    const step = this.#step(session, command);
    if (!(step instanceof Promise)) return;
    session.pending = new PendingCommands();
    void step.then(() => this.#resume(session));
  }

  /** Goes on with what waits, until that waits for an answer itself. */
  async #resume(session: Session): Promise<void> {
    // A session that has ended meanwhile has nothing pending.
    for (let next = session.pending?.shift(); next !== undefined; next = session.pending?.shift()) {
      const step = this.#step(session, next);
      if (step instanceof Promise) await step;
    }
    session.pending = undefined;
  }

  #step(session: Session, command: Command): MaybePromise<void> {
    switch (command.kind) {
      case 'subscribe':
        return this.#subscriptions.subscribe(session, command);
      case 'unsubscribe':
        return this.#subscriptions.unsubscribe(session, command.channel);
      case 'signin':
        return this.#users.signIn(session, command);
      case 'client-event':
        return relayClientEvent(session, command, this.#options);
      case 'invalid':
        return session.socket.send(encodeError(command.error));
      case 'ping':
      case 'pong':
        return undefined;
    }
  }
}

/** Why a client may not connect; undefined when it may. */
function refuseConnection(
  app: LocalApp | undefined,
  { key, protocol, origin, isSecure }: Greeting,
): ClosingError | undefined {
  if (app === undefined) return unknownKey(key);
  const { isEnabled, forceTls, allowedOrigins, limits } = app.config;
  if (!isEnabled) return appDisabled;
  if (forceTls && !isSecure) return tlsRequired;
  // Only browsers say where a page is from; anything else could say what it likes.
  if (origin !== undefined && !isAllowedOrigin(origin, allowedOrigins)) return originNotAllowed(origin);
  if (!servesProtocol(protocol)) return unsupportedProtocol(protocol ?? '');
  return app.sessions.size >= limits.connections ? overConnectionQuota(limits.connections) : undefined;
}

function sendAway(socket: Socket, error: ClosingError): void {
  socket.end(encodeError(error), error.code, error.message);
}
