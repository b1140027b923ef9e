import { createHmac } from 'node:crypto';
import type { Application } from '../../../src/apps/application.ts';
import type { Hub } from '../../../src/connections/hub.ts';
import type { Session } from '../../../src/apps/session.ts';
import type { FakeNode, FakeNodeSocket, Frame } from './fake-node.ts';
import { greeting } from '../unit/application.ts';

interface PendingSubscription {
  readonly userId: string | undefined;
  isCancelled: boolean;
}

/** A strict client. It knows only what the server has sent to it. */
export class StackClient {
  readonly app: Application;
  readonly socket: FakeNodeSocket;
  /** The subscribed channels, and the user on each. */
  readonly holds = new Map<string, string | undefined>();
  socketId = '';
  errors = 0;
  readonly #hub: Hub;
  readonly #session: Session | undefined;
  readonly #requested = new Map<string, PendingSubscription[]>();

  constructor(hub: Hub, node: FakeNode, app: Application) {
    this.app = app;
    this.#hub = hub;
    this.socket = node.socket();
    this.socket.onFrame = (frame) => this.#read(frame);
    this.socket.onEnd = () => this.#gone();
    this.#session = hub.open(this.socket, greeting(app.key));
  }

  /** Whether the client is subscribed to the channel or has requested it. */
  wants(channel: string): boolean {
    return (
      this.holds.has(channel) ||
      (this.#requested.get(channel) ?? []).some((requested) => !requested.isCancelled)
    );
  }

  subscribe(channel: string, userId?: string): void {
    if (this.wants(channel)) return;
    this.#requested.set(channel, [...(this.#requested.get(channel) ?? []), { userId, isCancelled: false }]);
    this.sendCommand('pusher:subscribe', subscriptionData(this, channel, userId));
  }

  signIn(userId: string): void {
    const userData = JSON.stringify({ id: userId, watchlist: ['u1', 'u2'] });
    const signed = `${this.socketId}::user::${userData}`;
    const signature = createHmac('sha256', this.app.secret).update(signed).digest('hex');
    this.sendCommand('pusher:signin', { auth: `${this.app.key}:${signature}`, user_data: userData });
    this.sendCommand('pusher:subscribe', { channel: `#server-to-user-${userId}` });
  }

  unsubscribe(channel: string): void {
    this.holds.delete(channel);
    for (const requested of this.#requested.get(channel) ?? []) requested.isCancelled = true;
    this.sendCommand('pusher:unsubscribe', { channel });
  }

  /**
   * Whether the program accepted it. With a ledger that answers immediately, a rejection arrives within the
   * call.
   */
  send(event: string, channel: string, data: unknown): boolean {
    const { errors } = this;
    this.raw(JSON.stringify({ event, channel, data }));
    return this.errors === errors;
  }

  sendCommand(event: string, data: unknown): void {
    this.raw(JSON.stringify({ event, data }));
  }

  raw(text: string): void {
    const session = this.#session;
    if (session === undefined || !this.socket.isOpen) return;
    if (this.#hub.accepts(session, Buffer.byteLength(text))) this.#hub.receive(session, text);
  }

  disconnect(): void {
    if (!this.socket.isOpen) return;
    this.socket.close();
    this.#gone();
  }

  /** The program was killed, so it never learns of the close. */
  lose(): void {
    this.socket.close();
    this.holds.clear();
    this.#requested.clear();
  }

  get isOpen(): boolean {
    return this.socket.isOpen;
  }

  /**
   * Channels that the client has left although the program has not processed it yet, with the user on each.
   * Commands wait behind a client event that is not yet durable. For the program the client is still
   * subscribed.
   */
  get leaving(): ReadonlyMap<string, string | undefined> {
    const leaving = new Map<string, string | undefined>();
    if (!this.socket.isOpen || this.#session?.pending === undefined) return leaving;
    for (const [channel, { userId }] of this.#session.subscriptions) {
      if (!this.holds.has(channel) && !channel.startsWith('#')) leaving.set(channel, userId);
    }
    return leaving;
  }

  #gone(): void {
    this.holds.clear();
    this.#requested.clear();
    if (this.#session !== undefined) this.#hub.closed(this.#session);
  }

  #read(frame: Frame): void {
    const { event, channel = '' } = frame;
    switch (event) {
      case 'pusher:connection_established':
        this.socketId = (JSON.parse(String(frame.data)) as { socket_id: string }).socket_id;
        return;
      case 'pusher_internal:subscription_succeeded':
      case 'pusher:subscription_error': {
        // No webhooks report the channels that the protocol itself subscribes to, so there is no truth to
        // compare.
        if (channel.startsWith('#')) return;
        const requested = this.#requested.get(channel)?.shift();
        if (requested === undefined) throw new Error(`an answer for ${channel}, which was not requested`);
        if (event === 'pusher:subscription_error' || requested.isCancelled) return;
        this.holds.set(channel, requested.userId);
        return;
      }
      case 'pusher:error':
        this.errors += 1;
        return;
      default:
    }
  }
}

/** `data` of a valid subscription, signed here and not by the program's own code. */
function subscriptionData(client: StackClient, channel: string, userId?: string): unknown {
  if (!/^(private|presence)-/.test(channel)) return { channel };
  const channelData = userId === undefined ? undefined : JSON.stringify({ user_id: userId });
  const signed = [client.socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  const signature = createHmac('sha256', client.app.secret).update(signed).digest('hex');
  const auth = `${client.app.key}:${signature}`;
  return { channel, auth, ...(channelData !== undefined && { channel_data: channelData }) };
}
