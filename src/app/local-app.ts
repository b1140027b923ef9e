import { Registry } from '../channels/registry.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import { selects } from '../webhooks/endpoint.ts';
import type { EventName } from '../webhooks/event.ts';
import type { Application } from './application.ts';
import type { Session } from './session.ts';

/** An app as this node serves it: its configuration, its connections here, and what they hold. */
export class LocalApp {
  readonly config: Application;
  readonly registry = new Registry();
  readonly sessions = new Map<SocketId, Session>();
  readonly #topicPrefix: string;

  /** `topicPrefix` keeps the channels of the apps apart; it is short, for it is looked up on every publish. */
  constructor(config: Application, topicPrefix: string) {
    this.config = config;
    this.#topicPrefix = topicPrefix;
  }

  /** The transport's topic for a channel. */
  topic(channel: ChannelName): string {
    return this.#topicPrefix + channel;
  }

  /** Whether any endpoint is to hear of such an event. */
  wantsWebhook(name: EventName, channel: ChannelName): boolean {
    return this.config.endpoints.some((endpoint) => selects(endpoint, name, channel));
  }
}

/** The apps of this node, found by what clients and backends name them with. */
export class LocalApps {
  readonly #byId: ReadonlyMap<string, LocalApp>;
  readonly #byKey: ReadonlyMap<string, LocalApp>;

  constructor(configs: readonly Application[]) {
    const apps = configs.map((config, index) => new LocalApp(config, `${index}/`));
    this.#byId = new Map(apps.map((app) => [app.config.id, app]));
    this.#byKey = new Map(apps.flatMap((app) => keysOf(app.config).map((key) => [key, app] as const)));
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

  /** Every connection of this node. */
  *sessions(): Generator<Session, void> {
    for (const app of this.#byId.values()) yield* app.sessions.values();
  }
}

function keysOf({ key, otherKeys }: Application): readonly string[] {
  return [key, ...otherKeys.map((pair) => pair.key)];
}
