import { WebSocket } from 'ws';
import { authFor } from './api.ts';
import { app, isPresence, isPrivate } from './settings.ts';

/** The event published at the end, to check that it reaches every subscriber from every node. */
export const probeEvent = 'chaos-probe';
/** The name of client events. */
export const clientEvent = 'client-wave';

/** What a connection reports to its client. */
export interface ConnectionEvents {
  onEstablished(): void;
  onHeld(channel: string): void;
  onLost(channel: string, why: string): void;
  /** A `member_added` for a known member, or a `member_removed` for an unknown one. */
  onOldNews(channel: string, what: string): void;
  onRefused(channel: string): void;
  /** An event that a backend published on a channel. */
  onEvent(event: string, channel: string, data: string): void;
  /** The connection closed with these subscriptions. */
  onClosed(held: readonly string[]): void;
}

interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
}

/** An expected answer. Requests that were withdrawn meanwhile are answered, too. */
interface Question {
  readonly askedAt: number;
  isWanted: boolean;
}

/**
 * One WebSocket connection: the confirmed subscriptions, and the presence members that the server has sent. It does
 * not extend `RawClient`, because it acts on each frame and forgets it: a run is no test, and a record of all its
 * frames would grow without end.
 */
export class Connection {
  readonly node: string;
  readonly #ws: WebSocket;
  readonly #userId: string;
  readonly #events: ConnectionEvents;
  /** The subscriptions. For presence channels, with the known members. */
  readonly #held = new Map<string, Set<string>>();
  readonly #questions = new Map<string, Question[]>();
  readonly #openedAt = Date.now();
  #pingedAt: number | undefined;
  #socketId: string | undefined;
  #isOpen = true;

  constructor(
    node: { readonly name: string; readonly port: number },
    userId: string,
    events: ConnectionEvents,
  ) {
    this.node = node.name;
    this.#userId = userId;
    this.#events = events;
    this.#ws = new WebSocket(`ws://127.0.0.1:${node.port}/app/${app.key}?protocol=7`, {
      perMessageDeflate: false,
    });
    this.#ws.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Frame));
    // Every error is followed by `close`, which handles it.
    this.#ws.on('error', () => {});
    this.#ws.on('close', (code) => this.#end(`the connection to ${this.node} closed with ${code}`));
  }

  /** Whether the server has accepted the connection, and it is still open. */
  get isEstablished(): boolean {
    return this.#isOpen && this.#socketId !== undefined;
  }

  get held(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#held;
  }

  /** Whether no answer is pending. */
  get isAnswered(): boolean {
    return this.isEstablished && this.#questions.size === 0 && this.#pingedAt === undefined;
  }

  /** Since when an answer is pending. Infinity if none is. */
  get waitingSince(): number {
    const asked = [...this.#questions.values()].flat().map(({ askedAt }) => askedAt);
    const greeting = this.isEstablished ? Infinity : this.#openedAt;
    return Math.min(greeting, this.#pingedAt ?? Infinity, ...asked);
  }

  /** Subscribes, unless the subscription exists or is pending. */
  subscribe(channel: string): void {
    const questions = this.#questions.get(channel) ?? [];
    const socketId = this.#socketId;
    if (socketId === undefined || this.#held.has(channel) || questions.at(-1)?.isWanted === true) return;
    this.#questions.set(channel, [...questions, { askedAt: Date.now(), isWanted: true }]);
    const channelData = isPresence(channel) ? JSON.stringify({ user_id: this.#userId }) : undefined;
    this.#send('pusher:subscribe', {
      channel,
      ...(isPrivate(channel) && { auth: authFor(socketId, channel, channelData) }),
      ...(channelData !== undefined && { channel_data: channelData }),
    });
  }

  /** Unsubscribes, even if the subscription is not yet confirmed. */
  unsubscribe(channel: string): void {
    for (const question of this.#questions.get(channel) ?? []) question.isWanted = false;
    this.#send('pusher:unsubscribe', { channel });
    this.#lose(channel, `left on ${this.node}`);
  }

  sendClientEvent(channel: string, data: string): void {
    this.#ws.send(JSON.stringify({ event: clientEvent, channel, data }));
  }

  ping(): void {
    if (this.#pingedAt !== undefined) return;
    this.#pingedAt = Date.now();
    this.#send('pusher:ping', {});
  }

  /** Disconnects with a close frame, or by cutting the connection. */
  close(isClean: boolean): void {
    this.#end(`${isClean ? 'closed' : 'cut'} its connection to ${this.node}`);
    // If the server does not answer the close frame, the connection would stay half open.
    if (isClean && this.#ws.readyState === WebSocket.OPEN) {
      this.#ws.close(1000);
      setTimeout(() => this.#ws.terminate(), 3000).unref();
    } else {
      this.#ws.terminate();
    }
  }

  #send(event: string, data: object): void {
    this.#ws.send(JSON.stringify({ event, data }));
  }

  #receive({ event, channel = '', data }: Frame): void {
    if (!this.#isOpen) return;
    switch (event) {
      case 'pusher:connection_established':
        this.#socketId = (JSON.parse(String(data)) as { socket_id: string }).socket_id;
        this.#events.onEstablished();
        break;
      case 'pusher:pong':
        this.#pingedAt = undefined;
        break;
      case 'pusher_internal:subscription_succeeded':
        if (this.#answer(channel)) this.#hold(channel, String(data));
        break;
      case 'pusher:subscription_error':
        if (this.#answer(channel)) this.#events.onRefused(channel);
        break;
      case 'pusher_internal:member_added':
      case 'pusher_internal:member_removed':
        this.#tellMember(channel, (JSON.parse(String(data)) as { user_id: string }).user_id, event);
        break;
      default:
        if (channel !== '') this.#events.onEvent(event, channel, String(data));
    }
  }

  /** Settles the oldest pending request of the channel. Returns false if it was withdrawn. */
  #answer(channel: string): boolean {
    const [question, ...later] = this.#questions.get(channel) ?? [];
    if (later.length > 0) this.#questions.set(channel, later);
    else this.#questions.delete(channel);
    return question?.isWanted === true;
  }

  #hold(channel: string, data: string): void {
    const { presence } = JSON.parse(data) as { presence?: { ids: string[] } };
    this.#held.set(channel, new Set(presence?.ids));
    this.#events.onHeld(channel);
  }

  #tellMember(channel: string, userId: string, event: string): void {
    const view = this.#held.get(channel);
    if (view === undefined) return;
    const isNew = event.endsWith('added') ? !view.has(userId) : view.has(userId);
    if (!isNew) this.#events.onOldNews(channel, `${event} of ${userId}`);
    if (event.endsWith('added')) view.add(userId);
    else view.delete(userId);
  }

  #lose(channel: string, why: string): void {
    if (this.#held.delete(channel)) this.#events.onLost(channel, why);
  }

  #end(why: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const held = [...this.#held.keys()];
    for (const channel of held) this.#lose(channel, why);
    this.#questions.clear();
    this.#events.onClosed(held);
  }
}
