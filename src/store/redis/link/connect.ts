import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisClients } from './link.ts';

/** Where Redis is. */
export type RedisLocation =
  | { readonly kind: 'single'; readonly url: string }
  /** The master that these sentinels call `name`. `url` contains the credentials and TLS for it. */
  | {
      readonly kind: 'sentinel';
      readonly name: string;
      readonly urls: readonly string[];
      readonly url?: string | undefined;
    }
  | { readonly kind: 'cluster'; readonly urls: readonly string[] };

/** The options of TLS connections, beyond the defaults. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

export interface ConnectOptions {
  readonly location: RedisLocation;
  readonly tls?: RedisTls | undefined;
  /** A connection without any answer for this long is closed and opened again. */
  readonly silenceMs: number;
}

const maxRetryMs = 1000;

/** The options that are used for a connection. */
type Options = Pick<
  RedisOptions,
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'db'
  | 'tls'
  | 'connectTimeout'
  | 'retryStrategy'
  | 'autoResendUnfulfilledCommands'
  | 'autoResubscribe'
  | 'maxRetriesPerRequest'
  | 'socketTimeout'
  | 'keepAlive'
  | 'enableOfflineQueue'
  | 'name'
  | 'sentinels'
  | 'sentinelUsername'
  | 'sentinelPassword'
  | 'sentinelTLS'
  | 'enableTLSForSentinelMode'
  | 'sentinelRetryStrategy'
>;

/** Creates the clients. They connect by themselves, and again after every loss. */
export function createRedisClients({ location, tls, silenceMs }: ConnectOptions): RedisClients {
  const common: Options = {
    connectTimeout: 5000,
    retryStrategy: (attempt) => Math.min(maxRetryMs, 50 * attempt),
    // Unanswered commands must fail, because each step decides by itself what to do then.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    socketTimeout: silenceMs,
    keepAlive: 10_000,
  };
  const commands: Options = { ...common, enableOfflineQueue: false };
  // After a lost connection `Topics` subscribes again. The client would send one command for each topic, all at once.
  const topics: Options = { ...common, autoResubscribe: false };
  switch (location.kind) {
    case 'single':
      return {
        commands: new Redis({ ...parseUrl(location.url, tls), ...commands }),
        subscriber: new Redis({ ...parseUrl(location.url, tls), ...topics }),
      };
    case 'sentinel': {
      const { name, urls, url } = location;
      const sentinels = urls.map((one) => parseUrl(one, tls));
      const [first] = sentinels;
      const master: Options = {
        ...(url === undefined ? {} : withoutAddress(parseUrl(url, tls))),
        name,
        sentinels: sentinels.map(({ host = '127.0.0.1', port = 26_379 }) => ({ host, port })),
        ...(first?.username !== undefined && { sentinelUsername: first.username }),
        ...(first?.password !== undefined && { sentinelPassword: first.password }),
        ...(first?.tls !== undefined && { sentinelTLS: first.tls, enableTLSForSentinelMode: true }),
        sentinelRetryStrategy: (attempt) => Math.min(maxRetryMs, 50 * attempt),
      };
      return {
        commands: new Redis({ ...master, ...commands }),
        subscriber: new Redis({ ...master, ...topics }),
      };
    }
    case 'cluster': {
      const nodes = location.urls.map((url) => parseUrl(url, tls));
      const shared = nodes[0] ?? {};
      const cluster = new Cluster(
        nodes.map(({ host = '127.0.0.1', port = 6379 }) => ({ host, port })),
        {
          shardedSubscribers: true,
          clusterRetryStrategy: (attempt) => Math.min(maxRetryMs, 50 * attempt),
          redisOptions: {
            ...withoutAddress(shared),
            socketTimeout: silenceMs,
            keepAlive: 10_000,
            connectTimeout: 5000,
          },
          slotsRefreshTimeout: 2000,
          maxRedirections: 4,
          retryDelayOnClusterDown: 200,
          retryDelayOnFailover: 200,
        },
      );
      return { commands: cluster, subscriber: cluster };
    }
  }
}

function parseUrl(text: string, tls: RedisTls | undefined): Options {
  const { protocol, hostname, port, username, password, pathname } = new URL(text);
  const db = Number(pathname.slice(1));
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    ...(port !== '' && { port: Number(port) }),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(db > 0 && { db }),
    ...(protocol === 'rediss:' && { tls: { ...tls } }),
  };
}

function withoutAddress({ host: _host, port: _port, ...rest }: Options): Options {
  return rest;
}
