import type { Greeting } from '../ports/greeting.ts';
import type { Attendance } from '../ports/attendance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConnectionSlots } from '../ports/connection-slots.ts';
import type { Ids } from '../ports/ids.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { OnlineUsers } from '../ports/online-users.ts';
import type { Socket } from '../ports/socket.ts';
import { noWitness, type DisconnectReason, type Witness } from '../ports/witness.ts';
import { clip } from '../protocol/clip.ts';
import { decode, type Command } from '../protocol/decode.ts';
import { encodeConnectionEstablished, encodeError, pongFrame } from '../protocol/encode.ts';
import {
  appDisabled,
  binaryNotSupported,
  frameTooLarge,
  loggedError,
  originNotAllowed,
  overConnectionQuota,
  serverClosing,
  slowClient,
  tlsRequired,
  tooManyBytes,
  tooManyMessages,
  tooManyPendingFrames,
  unknownKey,
  unsupportedProtocol,
  type ClosingError,
  type ProtocolError,
} from '../protocol/errors.ts';
import { isAllowedOrigin } from '../protocol/origin.ts';
import { servesProtocol } from '../protocol/protocol-version.ts';
import type { Admissions } from '../apps/admissions.ts';
import { CommandOrder } from './command-order.ts';
import { relayClientEvent, type ClientEventOptions } from './client-events.ts';
import type { FairTurns } from './fair-turns.ts';
import type { LocalApp, LocalApps } from '../apps/local-app.ts';
import { describeRefusal } from './refusal-log.ts';
import { Session } from '../apps/session.ts';
import { Subscriptions, type SubscriptionOptions } from './subscriptions.ts';
import { UserSignIn } from './users.ts';

/** The dependencies and settings of the hub. */
export interface HubOptions extends SubscriptionOptions, ClientEventOptions {
  readonly apps: LocalApps;
  readonly ledger: Pick<Attendance, 'join' | 'leave'> & OnlineUsers;
  readonly ids: Pick<Ids, 'socketId'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** The clock for signs of life; the liveness checks use the same. */
  readonly livenessClock: Clock;
  readonly activityTimeoutMs: number;
  /** Limits connections. Without it, all are admitted. */
  readonly admissions?: Admissions | undefined;
  /** Where connections that send much wait for their turn. Without it, none has to. */
  readonly turns?: FairTurns;
  /** Whether a ping waits for the answers to earlier commands of the client, where none takes long. Default: no. */
  readonly pingsWait?: boolean;
  /** Counts connections of apps with a limit on other nodes or threads as well. */
  readonly slots?: ConnectionSlots;
}

/**
 * The use cases of a socket. The commands of one connection take effect and are answered strictly in order; joins of several
 * channels may wait for the ledger together.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #subscriptions: Subscriptions;
  readonly #commands: CommandOrder;
  readonly #users: UserSignIn;
  readonly #witness: Witness;
  /** Why the server is closing a connection at this moment. Most sockets report the end before `end` returns. */
  #closingFor: DisconnectReason | undefined;
  #isClosing = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options);
    this.#users = new UserSignIn(options);
    this.#commands = new CommandOrder({
      pingsWait: options.pingsWait,
      turns: options.turns,
      perform: (session, command) => this.#perform(session, command),
      isTooMuch: (session) => this.end(session, tooManyPendingFrames),
    });
    this.#witness = options.witness ?? noWitness;
  }

  /** A client has connected. Returns undefined if it was refused. */
  open(socket: Socket, greeting: Greeting): Session | undefined {
    const { apps, admissions, livenessClock, ids, slots } = this.#options;
    const app = apps.byKey(greeting.key);
    const appId = app?.config.id ?? '';
    const at = livenessClock.now();
    const addressUse = admissions?.enter(greeting.remoteAddress, at);
    if (addressUse !== undefined && 'code' in addressUse)
      return this.#refuse(socket, { ...greeting, appId }, addressUse);
    const refusal = this.#isClosing ? serverClosing : refuseConnection(app, greeting);
    if (app === undefined || refusal !== undefined) {
      admissions?.leave(addressUse);
      return this.#refuse(socket, { ...greeting, appId }, refusal ?? unknownKey(greeting.key));
    }
    const session = new Session(app, ids.socketId(), socket, at);
    session.addressUse = addressUse;
    const { connections } = app.config.limits;
    if (slots === undefined || (connections === Infinity && slots.areForAll !== true))
      this.#admit(session, greeting);
    else {
      const slot = slots.take(app.config.id, connections, greeting.remoteAddress);
      void this.#admitIfFree(session, greeting, slot);
    }
    return session;
  }

  /**
   * A frame has been received, which is a sign of life. Returns whether to read it. If not, it exceeds a limit, and the client has
   * been disconnected. Nothing else happens for the ping and pong frames of WebSocket.
   */
  accepts(session: Session, bytes: number): boolean {
    // A client that is being disconnected may still send.
    if (!session.isOpen) return false;
    const { app, budget } = session;
    const at = this.#options.livenessClock.now();
    session.lastHeardAt = at;
    session.pingedAt = undefined;
    const lacking = budget.spend(app.frameRates, bytes, at);
    if (bytes <= app.frameBytes && lacking === undefined) return true;
    this.#sendAwayForFrame(session, bytes, lacking);
    return false;
  }

  /** A text frame has been received and accepted. */
  receive(session: Session, text: string): void {
    const { app, budget } = session;
    this.#options.metrics.messageReceived(app.config.id);
    const command = decode(text);
    if (command.kind === 'invalid') budget.penalise(text.length);
    const isAhead = this.#options.turns !== undefined && budget.isAhead(app.frameRates);
    // A ping does not wait for answers, but it does wait for what the client itself has sent too fast.
    if (command.kind === 'ping' && !isAhead && !this.#pingWaits(session))
      return session.socket.send(pongFrame);
    if (command.kind === 'pong') return;
    this.#commands.take(session, command, text.length, isAhead);
  }

  #pingWaits({ pending, joins }: Session): boolean {
    return this.#options.pingsWait === true && (pending !== undefined || joins !== undefined);
  }

  /** A binary frame has been received and accepted. */
  receiveBinary(session: Session): void {
    session.budget.penalise(0);
    this.#refuseMessage(session, binaryNotSupported);
  }

  /** A frame was so large, or so badly compressed, that the connection was closed before it was read. */
  tooLarge(session: Session): void {
    if (!session.isOpen) return;
    const error = frameTooLarge(undefined, session.app.frameBytes);
    this.#options.refused(describeRefusal(session, 'message', error));
    this.#closed(session, error.reason);
  }

  /** The client reads too slowly. Something for it has been lost already, so it must reconnect. */
  tooSlow(session: Session): void {
    if (!session.isOpen) return;
    this.#options.metrics.slowClientClosed(session.app.config.id);
    this.end(session, slowClient);
  }

  /** Closes a connection: first the error as an event, for clients that cannot see close codes, then the close frame. */
  end(session: Session, error: ClosingError): void {
    this.#closingFor = error.reason;
    try {
      sendAway(session.socket, error);
    } finally {
      this.#closingFor = undefined;
    }
    this.#closed(session, error.reason);
  }

  /** Closes all connections of an app, as many in a turn of the event loop as there is room for. */
  endAll(app: LocalApp, error: ClosingError): void {
    this.#options.slices.add(this.#ending(app, error));
  }

  /** The same in this turn, together with all leaves of other connections that are still waiting. */
  endAllNow(app: LocalApp, error: ClosingError): void {
    this.endAll(app, error);
    this.#options.slices.finish();
  }

  /** Resolves once the connections that have ended have left all their channels; undefined if they have. */
  departed(): Promise<void> | undefined {
    return this.#options.slices.done();
  }

  *#ending(app: LocalApp, error: ClosingError): Generator<void, void> {
    for (const session of app.sessions.values()) {
      this.end(session, error);
      yield;
    }
  }

  /** The connection has closed, for any reason. May be called repeatedly. */
  closed(session: Session): void {
    this.#closed(session, this.#closingFor ?? 'client');
  }

  #closed(session: Session, reason: DisconnectReason): void {
    if (!session.isOpen) return;
    session.isOpen = false;
    session.pending = undefined;
    this.#options.admissions?.leave(session.addressUse);
    if (!session.isAdmitted) return;
    session.app.release(session);
    this.#options.metrics.connectionClosed(session.app.config.id);
    this.#options.slots?.release(session.app.config.id, session.slotAddress);
    this.#witness.disconnected(session, reason);
    this.#subscriptions.disconnect(session);
    this.#users.disconnect(session);
    const { log } = this.#options;
    if (log.isDebug) {
      log.debug({ appId: session.app.config.id, socketId: session.socketId, reason }, 'disconnected');
    }
  }

  /** Disconnects all clients permanently. Resolves once they have left their channels. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#subscriptions.close();
    for (const app of this.#options.apps) this.endAll(app, serverClosing);
    await this.departed();
  }

  #admit(session: Session, { remoteAddress, key }: Greeting): void {
    const { metrics, log, activityTimeoutMs } = this.#options;
    const { app, socketId, socket } = session;
    const appId = app.config.id;
    session.isAdmitted = true;
    app.admit(session);
    metrics.connectionOpened(appId);
    this.#witness.connected(session, remoteAddress);
    this.#witness.keyUsed(appId, key);
    if (log.isDebug) log.debug({ appId, socketId, remoteAddress }, 'connected');
    socket.send(encodeConnectionEstablished(socketId, Math.round(activityTimeoutMs / 1000)));
  }

  /** The commands of the client wait meanwhile. All checks are made again afterwards. */
  async #admitIfFree(
    session: Session,
    greeting: Greeting,
    slot: Promise<boolean | ClosingError>,
  ): Promise<void> {
    const { apps, slots } = this.#options;
    const { app, socket } = session;
    const appId = app.config.id;
    this.#commands.hold(session);
    const taken = await slot;
    const isFree = taken === true;
    const current = apps.byKey(greeting.key);
    // Another app may have the key now, also one that was removed and added again.
    const stays = current === app ? current : undefined;
    const refusal = this.#isClosing ? serverClosing : refuseConnection(stays, greeting);
    if (isFree && refusal === undefined && session.isOpen) {
      session.slotAddress = greeting.remoteAddress;
      this.#admit(session, greeting);
      return this.#commands.resume(session);
    }
    if (isFree) slots?.release(appId, greeting.remoteAddress);
    if (!session.isOpen) return;
    this.closed(session);
    this.#refuse(
      socket,
      { ...greeting, appId },
      refusal ?? (typeof taken === 'object' ? taken : overConnectionQuota(app.config.limits.connections)),
    );
  }

  #refuse(
    socket: Socket,
    { appId, key, origin, remoteAddress }: Greeting & { readonly appId: string },
    error: ClosingError,
  ): undefined {
    this.#options.refused({
      kind: 'connection',
      reason: error.reason,
      appId,
      fields: {
        ...(appId !== '' && { appId }),
        ...loggedError(error),
        key: clip(key),
        origin: origin && clip(origin),
        remoteAddress,
      },
    });
    sendAway(socket, error);
    return undefined;
  }

  #refuseMessage(session: Session, error: ProtocolError): void {
    this.#options.refused(describeRefusal(session, 'message', error));
    session.socket.send(encodeError(error));
  }

  #sendAwayForFrame(session: Session, bytes: number, lacking: 'messages' | 'bytes' | undefined): void {
    const { frameBytes, frameRates } = session.app;
    const error =
      bytes > frameBytes
        ? frameTooLarge(bytes, frameBytes)
        : lacking === 'messages'
          ? tooManyMessages(frameRates.messages)
          : tooManyBytes(frameRates.bytes);
    this.#options.refused(describeRefusal(session, 'message', error));
    this.end(session, error);
  }

  #perform(session: Session, command: Command): MaybePromise<void> | 'in-turn' {
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
        return this.#refuseMessage(session, command.error);
      case 'ping':
        return session.socket.send(pongFrame);
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
  // Only browsers report the origin of a page reliably; other clients can send anything.
  if (origin !== undefined && !isAllowedOrigin(origin, allowedOrigins)) return originNotAllowed(origin);
  if (!servesProtocol(protocol)) return unsupportedProtocol(protocol ?? '');
  return app.sessions.size >= limits.connections ? overConnectionQuota(limits.connections) : undefined;
}

function sendAway(socket: Socket, error: ClosingError): void {
  socket.end(encodeError(error), error.code, error.message);
}
