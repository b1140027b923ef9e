import { Registry } from '../channels/registry.ts';
import { frameBytes } from '../protocol/bounds.ts';
import { frameRates, type FrameRates } from '../protocol/frame-budget.ts';
import { isInternal, type ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { TokenBucket } from '../protocol/token-bucket.ts';
import { selects } from '../webhooks/endpoint.ts';
import type { EventName } from '../webhooks/event.ts';
import type { Application } from './application.ts';
import type { Session } from './session.ts';

/** An app as this node serves it: its configuration, its connections here, and their state. */
export class LocalApp {
  #config: Application;
  #frameBytes: number;
  #frameRates: FrameRates;
  readonly registry = new Registry();
  readonly sessions = new Map<SocketId, Session>();
  /** Connections that the liveness checks do not know yet. */
  readonly newcomers = new Set<Session>();
  /** Created with the first channel that had no subscriber. */
  newChannels: TokenBucket | undefined;
  /** The signed-in connections here, by user id. */
  readonly #users = new Map<string, Set<Session>>();
  readonly #topicPrefix: string;

  /** `topicPrefix` separates the channels of the apps. It is short because it is part of every publish. */
  constructor(config: Application, topicPrefix: string) {
    this.#config = config;
    this.#frameBytes = frameBytes(config.limits);
    this.#frameRates = frameRates(config.limits);
    this.#topicPrefix = topicPrefix;
  }

  /** The current configuration. It may be replaced while connections are open; the id stays. */
  get config(): Application {
    return this.#config;
  }

  set config(config: Application) {
    this.#config = config;
    this.#frameBytes = frameBytes(config.limits);
    this.#frameRates = frameRates(config.limits);
  }

  /** The largest frame that is read from a client. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** How much a client may send. */
  get frameRates(): FrameRates {
    return this.#frameRates;
  }

  /** A connection is admitted and counts from now on. */
  admit(session: Session): void {
    this.sessions.set(session.socketId, session);
    session.round = this.newcomers.add(session);
  }

  /** A connection has ended. */
  release(session: Session): void {
    this.sessions.delete(session.socketId);
    session.round?.delete(session);
  }

  /** The transport's topic for a channel. */
  topic(channel: ChannelName): string {
    return this.#topicPrefix + channel;
  }

  /** Whether a connection here, other than `except`, may receive what is published on the channel. */
  hasReceivers(channel: ChannelName, except: Session | undefined): boolean {
    // Signed-in users receive their own channel without a subscription.
    if (isInternal(channel)) return true;
    const subscribers = this.registry.subscribers(channel);
    return subscribers > 1 || (subscribers === 1 && except?.subscriptions.has(channel) !== true);
  }

  /** The transport's topic for the watchers of a user. No channel has such a name. */
  watchTopic(userId: string): string {
    return `${this.#topicPrefix}#watch-${userId}`;
  }

  /** The connections here that are signed in as the user. */
  sessionsOf(userId: string): readonly Session[] {
    return [...(this.#users.get(userId) ?? [])];
  }

  addUser(session: Session, userId: string): void {
    const sessions = this.#users.get(userId);
    if (sessions === undefined) this.#users.set(userId, new Set([session]));
    else sessions.add(session);
  }

  /** Returns whether that was the user's last connection here. */
  removeUser(session: Session, userId: string): boolean {
    const sessions = this.#users.get(userId);
    if (sessions === undefined || !sessions.delete(session) || sessions.size > 0) return false;
    return this.#users.delete(userId);
  }

  /** Whether any endpoint selects such an event. */
  wantsWebhook(name: EventName, channel: ChannelName): boolean {
    return this.config.endpoints.some((endpoint) => selects(endpoint, name, channel));
  }
}

/** The apps of this node, by id and by key. */
export class LocalApps {
  #byId: ReadonlyMap<string, LocalApp> = new Map();
  #byKey: ReadonlyMap<string, LocalApp> = new Map();
  #made = 0;

  constructor(configs: readonly Application[]) {
    this.replace(configs);
  }

  /**
   * From now on, serves these apps. Apps that were served before keep their connections, even if their configuration changes.
   * Returns those that are no longer served.
   */
  replace(configs: readonly Application[]): readonly LocalApp[] {
    const before = this.#byId;
    const apps = configs.map((config) => this.#keep(config));
    this.#byId = new Map(apps.map((app) => [app.config.id, app]));
    this.#byKey = new Map(apps.flatMap((app) => keysOf(app.config).map((key) => [key, app] as const)));
    return [...before.values()].filter((app) => !this.#byId.has(app.config.id));
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): LocalApp | undefined {
    return this.#byId.get(id);
  }

  byKey(key: string): LocalApp | undefined {
    return this.#byKey.get(key);
  }

  [Symbol.iterator](): IterableIterator<LocalApp> {
    return this.#byId.values();
  }

  #keep(config: Application): LocalApp {
    const known = this.#byId.get(config.id);
    if (known !== undefined) {
      known.config = config;
      return known;
    }
    const app = new LocalApp(config, `${this.#made}/`);
    this.#made += 1;
    return app;
  }
}

function keysOf({ key, otherKeys }: Application): readonly string[] {
  return [key, ...otherKeys.map((pair) => pair.key)];
}
