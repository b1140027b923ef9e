import { WebSocket } from 'ws';
import { authFor } from './api.ts';
import { app, isPresence, isPrivate } from './settings.ts';

/** What is published at the end to see that it comes from every node to every subscriber. */
export const probeEvent = 'chaos-probe';
/** What clients send to one another. */
export const clientEvent = 'client-wave';

/** What a connection tells the client that made it. */
export interface ConnectionEvents {
  onEstablished(): void;
  onHeld(channel: string): void;
  onLost(channel: string, why: string): void;
  /** A member came who was there, or left who was not. */
  onOldNews(channel: string, what: string): void;
  onRefused(channel: string): void;
  /** An event of a channel that a backend has published. */
  onEvent(event: string, channel: string, data: string): void;
  /** The connection has ended, with these channels on it. */
  onClosed(held: readonly string[]): void;
}

interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
}

/** An answer that is to come. Answers to what was taken back meanwhile come as well. */
interface Question {
  readonly askedAt: number;
  isWanted: boolean;
}

/** One WebSocket connection: what the server has confirmed on it, and what it has told of presence members. */
export class Connection {
  readonly node: string;
  readonly #ws: WebSocket;
  readonly #userId: string;
  readonly #events: ConnectionEvents;
  /** What is subscribed, and who is on it as far as was told; the latter of presence channels only. */
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
    // Whatever goes wrong ends in the close.
    this.#ws.on('error', () => {});
    this.#ws.on('close', (code) => this.#end(`the connection to ${this.node} closed with ${code}`));
  }

  /** The server has greeted it, and it has not closed since. */
  get isEstablished(): boolean {
    return this.#isOpen && this.#socketId !== undefined;
  }

  get held(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#held;
  }

  /** Nothing that was asked is still to be answered. */
  get isAnswered(): boolean {
    return this.isEstablished && this.#questions.size === 0 && this.#pingedAt === undefined;
  }

  /** Since when the server owes an answer; Infinity when it owes none. */
  get waitingSince(): number {
    const asked = [...this.#questions.values()].flat().map(({ askedAt }) => askedAt);
    const greeting = this.isEstablished ? Infinity : this.#openedAt;
    return Math.min(greeting, this.#pingedAt ?? Infinity, ...asked);
  }

  /** Subscribes, unless that is so or is on its way. */
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

  /** Unsubscribes, also from what was not confirmed yet. */
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

  /** Ends it with a close frame, or else without a word. */
  close(isClean: boolean): void {
    this.#end(`${isClean ? 'closed' : 'cut'} its connection to ${this.node}`);
    // A server that does not answer the close frame would keep it half open for long.
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

  /** The first question of the channel is answered. False if nobody wants to know any more. */
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
