import { createHmac } from 'node:crypto';
import type { Application } from '../../../src/apps/application.ts';
import type { Hub } from '../../../src/connections/hub.ts';
import type { Session } from '../../../src/apps/session.ts';
import type { FakeNode, FakeNodeSocket, Frame } from './fake-node.ts';
import { greeting } from '../unit/application.ts';

interface Asked {
  readonly userId: string | undefined;
  isCancelled: boolean;
}

/** A client as strict as a person reading the documents: it knows what it holds from what it was told. */
export class StackClient {
  readonly app: Application;
  readonly socket: FakeNodeSocket;
  /** Channels held, and as whom. */
  readonly holds = new Map<string, string | undefined>();
  socketId = '';
  errors = 0;
  readonly #hub: Hub;
  readonly #session: Session | undefined;
  readonly #asked = new Map<string, Asked[]>();

  constructor(hub: Hub, node: FakeNode, app: Application) {
    this.app = app;
    this.#hub = hub;
    this.socket = node.socket();
    this.socket.onFrame = (frame) => this.#read(frame);
    this.socket.onEnd = () => this.#gone();
    this.#session = hub.open(this.socket, greeting(app.key));
  }

  /** Whether it holds the channel or has asked for it. */
  wants(channel: string): boolean {
    return this.holds.has(channel) || (this.#asked.get(channel) ?? []).some((asked) => !asked.isCancelled);
  }

  subscribe(channel: string, userId?: string): void {
    if (this.wants(channel)) return;
    this.#asked.set(channel, [...(this.#asked.get(channel) ?? []), { userId, isCancelled: false }]);
    this.say('pusher:subscribe', subscriptionData(this, channel, userId));
  }

  signIn(userId: string): void {
    const userData = JSON.stringify({ id: userId, watchlist: ['u1', 'u2'] });
    const signed = `${this.socketId}::user::${userData}`;
    const signature = createHmac('sha256', this.app.secret).update(signed).digest('hex');
    this.say('pusher:signin', { auth: `${this.app.key}:${signature}`, user_data: userData });
    this.say('pusher:subscribe', { channel: `#server-to-user-${userId}` });
  }

  unsubscribe(channel: string): void {
    this.holds.delete(channel);
    for (const asked of this.#asked.get(channel) ?? []) asked.isCancelled = true;
    this.say('pusher:unsubscribe', { channel });
  }

  /** Whether the program took it: with a ledger that answers at once, a refusal comes within the call. */
  send(event: string, channel: string, data: unknown): boolean {
    const { errors } = this;
    this.raw(JSON.stringify({ event, channel, data }));
    return this.errors === errors;
  }

  say(event: string, data: unknown): void {
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

  /** The program was killed: it hears nothing of the close. */
  lose(): void {
    this.socket.close();
    this.holds.clear();
    this.#asked.clear();
  }

  get isOpen(): boolean {
    return this.socket.isOpen;
  }

  /**
   * Channels that it has left, and as whom, while the program has not come to that: commands wait behind a client event that
   * is not safe yet. It is still on them, to the program.
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
    this.#asked.clear();
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
        // Of those the protocol itself subscribes to there are no webhooks, and so no truth to compare.
        if (channel.startsWith('#')) return;
        const asked = this.#asked.get(channel)?.shift();
        if (asked === undefined) throw new Error(`an answer for ${channel}, which was not asked for`);
        if (event === 'pusher:subscription_error' || asked.isCancelled) return;
        this.holds.set(channel, asked.userId);
        return;
      }
      case 'pusher:error':
        this.errors += 1;
        return;
      default:
    }
  }
}

/** `data` of a subscription that is let in, signed here and not by the program's own code. */
function subscriptionData(client: StackClient, channel: string, userId?: string): unknown {
  if (!/^(private|presence)-/.test(channel)) return { channel };
  const channelData = userId === undefined ? undefined : JSON.stringify({ user_id: userId });
  const signed = [client.socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  const signature = createHmac('sha256', client.app.secret).update(signed).digest('hex');
  const auth = `${client.app.key}:${signature}`;
  return { channel, auth, ...(channelData !== undefined && { channel_data: channelData }) };
}
