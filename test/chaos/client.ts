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
  /** How clients behave where nodes are killed; without it they come back soon, to nothing. */
  readonly habits?: Habits;
}

/** What clients do more or less often, and what others want to know of it. They greet each channel with a client event. */
interface Habits {
  readonly actions: Readonly<Record<Action, number>>;
  /** Clients take so much of the usual time between what they do. */
  readonly pace: number;
  /** How long a client that lost its connection is away, before it comes back to what it held. */
  awayMs(random: Random): number;
  /** A subscription or its end is on its way. */
  onAsked(): void;
  /** A client event came to another client than its sender. */
  onClientEvent(channel: string, data: string): void;
}

/** A client that is owed an answer for so long gives its connection up. */
const patienceMs = 4000;
/** More channels than these it does not join. */
const channelsAtMost = 8;
/** How often a client that only keeps what it has asks whether its connection lives. */
const checkEveryMs = 1500;

/** What a client may do, and how often. */
export const usualActions = {
  join: 42,
  leave: 20,
  'leave and come back': 6,
  'join and leave at once': 4,
  'client event': 10,
  ping: 6,
  cut: 4,
  close: 3,
  move: 5,
} as const;

type Action = keyof typeof usualActions;

/** What changes who is on which channel. */
const asking: ReadonlySet<Action> = new Set([
  'join',
  'leave',
  'leave and come back',
  'join and leave at once',
  'close',
]);

/** One client: joins and leaves, comes and goes, as its source of chance has it. */
export class Client implements ConnectionEvents {
  readonly name: string;
  readonly userId: string;
  /** Probes that came: `CHANNEL DATA`. */
  readonly probes = new Set<string>();
  readonly #world: World;
  readonly #random: Random;
  /** For what depends on the moment, so that the actions do not. */
  readonly #reactions: Random;
  #connection: Connection | undefined;
  /** What it joins as soon as it is connected again. */
  #rejoins: readonly string[] = [];
  #returnsAt = 0;
  #checkedAt = 0;
  #said = 0;

  constructor(name: string, userId: string, random: Random, world: World) {
    this.name = name;
    this.userId = userId;
    this.#random = random;
    this.#reactions = random.fork();
    this.#world = world;
  }

  /** The channels that it holds, and who is on them as far as it was told. */
  get held(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#connection?.held ?? new Map<string, Set<string>>();
  }

  get node(): string {
    return this.#connection?.node ?? 'no node';
  }

  /** Connected, holding something, and with nothing left to be answered. */
  get isSettled(): boolean {
    return this.#connection?.isAnswered === true && this.held.size > 0;
  }

  /** Does the next thing. Returns how long until the one after it. */
  act(): number {
    const random = this.#random;
    // Each step draws the same things, whatever comes of it.
    const action = random.weighted<Action>(this.#world.habits?.actions ?? usualActions);
    const channel = this.#drawChannel(random);
    const pauseMs = random.between(100, 1900);
    const awayMs = random.between(20, 3 * graceMs);
    if (this.#connection === undefined) this.#connect();
    else if (this.#connection.isEstablished) this.#perform(this.#connection, action, channel, awayMs);
    this.#giveUpSilence();
    if (asking.has(action)) this.#world.habits?.onAsked();
    return pauseMs * (this.#world.habits?.pace ?? 1);
  }

  /** Keeps connected, and in at least one channel. To be called again and again. */
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

  /** Ends its connection, for at least so long. */
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
    if (isTalkative && connection?.isEstablished === true) this.#say(connection, channel);
  }

  onLost(channel: string, why: string): void {
    this.#world.truth.leave(channel, this.userId);
    this.#note(channel, why);
  }

  onOldNews(channel: string, what: string): void {
    this.#world.journal.count('presence news that changed nothing');
    this.#note(channel, `was told on ${this.node}, which it knew: ${what}`);
  }

  onRefused(channel: string): void {
    this.#world.journal.count('subscriptions refused');
    this.#note(channel, `was refused on ${this.node}`);
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
      case 'leave and come back':
        if (own === undefined) break;
        connection.unsubscribe(own);
        connection.subscribe(own);
        break;
      case 'join and leave at once':
        if (connection.held.has(channel)) break;
        connection.subscribe(channel);
        connection.unsubscribe(channel);
        break;
      case 'client event':
        if (own !== undefined && isPrivate(own)) this.#say(connection, own);
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

  #say(connection: Connection, channel: string): void {
    this.#said += 1;
    connection.sendClientEvent(channel, `${this.name} ${this.#said}`);
  }

  /** Low ones often, high ones seldom: some channels are crowded, others are emptied all the time. */
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
    this.#world.journal.count('connections given up');
    connection.close(false);
  }

  #note(channel: string, what: string): void {
    this.#world.journal.note(channel, `${this.name} (${this.userId}) ${what}`);
  }
}
