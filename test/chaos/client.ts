import { clientEvent, Connection, probeEvent, type ConnectionEvents } from './connection.ts';
import type { Journal } from './journal.ts';
import type { NodeProcess } from './node-process.ts';
import type { Random } from './random.ts';
import { graceMs, isPrivate } from './settings.ts';
import type { Truth } from './truth.ts';

/** What all clients share. */
export interface World {
  readonly channels: readonly string[];
  readonly truth: Truth;
  readonly journal: Journal;
  live(): readonly NodeProcess[];
  /**
   * How clients behave where nodes are killed. Without it they reconnect soon, and without their
   * subscriptions.
   */
  readonly habits?: Habits;
}

/**
 * How often clients act, and callbacks for observers. Clients publish a client event on each channel they
 * join.
 */
interface Habits {
  readonly actions: Readonly<Record<Action, number>>;
  /** Factor for the pauses between a client's actions. */
  readonly pace: number;
  /** How long a client stays away after it lost its connection, before it reconnects and subscribes again. */
  awayMs(random: Random): number;
  /** Called when a subscription or its end is requested. */
  onRequest(): void;
  /** Called when a client receives another client's event. */
  onClientEvent(channel: string, data: string): void;
}

/** How long a client waits for an answer before it abandons its connection. */
const patienceMs = 4000;
/** The most channels that a client joins. */
const channelsAtMost = 8;
/** How often an idle client checks that its connection is alive. */
const checkEveryMs = 1500;

/** What a client may do, with weights. */
export const usualActions = {
  join: 42,
  leave: 20,
  'leave and rejoin': 6,
  'join and leave immediately': 4,
  'client event': 10,
  ping: 6,
  cut: 4,
  close: 3,
  move: 5,
} as const;

type Action = keyof typeof usualActions;

/** The actions that change who is subscribed to a channel. */
const changes: ReadonlySet<Action> = new Set([
  'join',
  'leave',
  'leave and rejoin',
  'join and leave immediately',
  'close',
]);

/** A client that joins and leaves channels, disconnects and reconnects, at random. */
export class Client implements ConnectionEvents {
  readonly name: string;
  readonly userId: string;
  /** The probes that arrived, as `CHANNEL DATA`. */
  readonly probes = new Set<string>();
  readonly #world: World;
  readonly #random: Random;
  /** A separate source for choices that depend on timing, so that they do not change the actions. */
  readonly #reactions: Random;
  #connection: Connection | undefined;
  /** The channels to join after reconnecting. */
  #rejoins: readonly string[] = [];
  #returnsAt = 0;
  #checkedAt = 0;
  #sentEvents = 0;

  constructor(name: string, userId: string, random: Random, world: World) {
    this.name = name;
    this.userId = userId;
    this.#random = random;
    this.#reactions = random.fork();
    this.#world = world;
  }

  /** The channels that the client is subscribed to, with the members that it knows of. */
  get held(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#connection?.held ?? new Map<string, Set<string>>();
  }

  get node(): string {
    return this.#connection?.node ?? 'no node';
  }

  /** Whether the client is connected, is subscribed to something, and waits for no answer. */
  get isSettled(): boolean {
    return this.#connection?.isAnswered === true && this.held.size > 0;
  }

  /** Takes the next action. Returns the pause after it, in milliseconds. */
  act(): number {
    const random = this.#random;
    // Each step draws the same numbers whatever its outcome, so that a seed repeats the plan.
    const action = random.weighted<Action>(this.#world.habits?.actions ?? usualActions);
    const channel = this.#drawChannel(random);
    const pauseMs = random.between(100, 1900);
    const awayMs = random.between(20, 3 * graceMs);
    if (this.#connection === undefined) this.#connect();
    else if (this.#connection.isEstablished) this.#perform(this.#connection, action, channel, awayMs);
    this.#giveUpSilence();
    if (changes.has(action)) this.#world.habits?.onRequest();
    return pauseMs * (this.#world.habits?.pace ?? 1);
  }

  /** Keeps the client connected and subscribed to at least one channel. Call it repeatedly. */
  keep(): void {
    const connection = this.#connection;
    if (connection === undefined) {
      this.#connect();
    } else if (connection.isAnswered) {
      if (connection.held.size === 0) connection.subscribe(this.#drawChannel(this.#reactions));
      if (Date.now() - this.#checkedAt > checkEveryMs) {
        this.#checkedAt = Date.now();
        connection.ping();
      }
    }
    this.#giveUpSilence();
  }

  /** Disconnects for at least this time. */
  goAway(isClean: boolean, awayMs: number): void {
    this.#returnsAt = Date.now() + awayMs;
    this.#connection?.close(isClean);
  }

  onEstablished(): void {
    for (const channel of this.#rejoins) this.#connection?.subscribe(channel);
    this.#rejoins = [];
  }

  onHeld(channel: string): void {
    this.#world.truth.join(channel, this.userId);
    this.#note(channel, `joined on ${this.node}`);
    const connection = this.#connection;
    const isTalkative = this.#world.habits !== undefined && isPrivate(channel);
    if (isTalkative && connection?.isEstablished === true) this.#sendClientEvent(connection, channel);
  }

  onLost(channel: string, why: string): void {
    this.#world.truth.leave(channel, this.userId);
    this.#note(channel, why);
  }

  onRedundantEvent(channel: string, what: string): void {
    this.#world.journal.count('redundant presence events');
    this.#note(channel, `received on ${this.node} what it knew already: ${what}`);
  }

  onRefused(channel: string): void {
    this.#world.journal.count('subscriptions rejected');
    this.#note(channel, `was rejected on ${this.node}`);
  }

  onEvent(event: string, channel: string, data: string): void {
    if (event === probeEvent) this.probes.add(`${channel} ${data}`);
    if (event === clientEvent) this.#world.habits?.onClientEvent(channel, data);
  }

  onClosed(held: readonly string[]): void {
    this.#connection = undefined;
    const { habits } = this.#world;
    const awayMs = habits?.awayMs(this.#reactions) ?? this.#reactions.between(20, 2 * graceMs);
    if (habits !== undefined) this.#rejoins = held;
    this.#returnsAt = Math.max(this.#returnsAt, Date.now() + awayMs);
  }

  #perform(connection: Connection, action: Action, channel: string, awayMs: number): void {
    const held = [...connection.held.keys()];
    const own = held[channel.length % Math.max(1, held.length)];
    this.#world.journal.count(`action: ${action}`);
    switch (action) {
      case 'join':
        if (held.length < channelsAtMost) connection.subscribe(channel);
        else if (own !== undefined) connection.unsubscribe(own);
        break;
      case 'leave':
        if (own !== undefined) connection.unsubscribe(own);
        break;
      case 'leave and rejoin':
        if (own === undefined) break;
        connection.unsubscribe(own);
        connection.subscribe(own);
        break;
      case 'join and leave immediately':
        if (connection.held.has(channel)) break;
        connection.subscribe(channel);
        connection.unsubscribe(channel);
        break;
      case 'client event':
        if (own !== undefined && isPrivate(own)) this.#sendClientEvent(connection, own);
        break;
      case 'ping':
        connection.ping();
        break;
      case 'cut':
      case 'close':
        this.goAway(action === 'close', awayMs);
        break;
      case 'move':
        this.goAway(false, 0);
        this.#returnsAt = 0;
        this.#rejoins = held;
        this.#connect();
        break;
    }
  }

  #sendClientEvent(connection: Connection, channel: string): void {
    this.#sentEvents += 1;
    connection.sendClientEvent(channel, `${this.name} ${this.#sentEvents}`);
  }

  /** Prefers low numbers, so that some channels have many subscribers and others are often empty. */
  #drawChannel(random: Random): string {
    const { channels } = this.#world;
    return channels[Math.floor(channels.length * random.next() ** 1.5)] ?? '';
  }

  #connect(): void {
    if (Date.now() < this.#returnsAt) return;
    const nodes = this.#world.live();
    if (nodes.length === 0) return;
    this.#connection = new Connection(this.#reactions.pick(nodes), this.userId, this);
  }

  #giveUpSilence(): void {
    const connection = this.#connection;
    if (connection === undefined || Date.now() - connection.waitingSince < patienceMs) return;
    this.#world.journal.count('connections abandoned');
    connection.close(false);
  }

  #note(channel: string, what: string): void {
    this.#world.journal.note(channel, `${this.name} (${this.userId}) ${what}`);
  }
}
