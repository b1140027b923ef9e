import { urlHost } from '../protocol/connectable-host.ts';

/** Where the emulator listens and which credentials an app has, for clients and backends. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Empty, or `/prefix`. */
  readonly path: string;
  readonly isTls: boolean;
}

/** The credentials of an app. */
export interface Credentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/**
 * Options of pusher-js. `key` is for Laravel Echo; pusher-js ignores it.
 *
 * @since 0.1.0
 */
export interface ClientOptions {
  /** The key of the app. */
  key: string;
  /** A name that pusher-js requires. It has no effect. */
  cluster: string;
  /** The host of the emulator. An IPv6 address is in brackets, because pusher-js puts it into a URL. */
  wsHost: string;
  /** The port for `ws://`. */
  wsPort: number;
  /** The port for `wss://`, which is the same. */
  wssPort: number;
  /** The `path` of the emulator, if it has one. */
  wsPath?: string;
  /** Whether clients connect over `wss://`. */
  forceTLS: boolean;
  /** WebSocket only, with and without TLS. */
  enabledTransports: ('ws' | 'wss')[];
  /** `true`: pusher-js sends no statistics. */
  disableStats: boolean;
}

/**
 * Options of the `pusher` package for Node.js; libraries for other languages use the same values under other names.
 *
 * @since 0.1.0
 */
export interface ServerOptions {
  /** The id of the app. */
  appId: string;
  /** The key of the app. */
  key: string;
  /** The secret of the app, which signs requests. */
  secret: string;
  /** The host of the emulator. An IPv6 address is in brackets, because libraries put it into a URL. */
  host: string;
  /** The port of the emulator, as text. */
  port: string;
  /** Whether requests use `https://`. */
  useTLS: boolean;
}

/** The base URL of the HTTP API, such as `http://127.0.0.1:6001`. */
export function urlOf({ host, port, path, isTls }: ServerAddress): string {
  return `${isTls ? 'https' : 'http'}://${urlHost(host)}:${port}${path}`;
}

/** Options for clients: `new Pusher(key, options)`. */
export function clientOptions(
  { host, port, path, isTls }: ServerAddress,
  { key }: Pick<Credentials, 'key'>,
): ClientOptions {
  return {
    key,
    // pusher-js requires a cluster, but does not use it here.
    cluster: 'default',
    wsHost: urlHost(host),
    wsPort: port,
    wssPort: port,
    ...(path !== '' && { wsPath: path }),
    forceTLS: isTls,
    enabledTransports: ['ws', 'wss'],
    disableStats: true,
  };
}

/** Options for backends: `new Pusher(options)`. */
export function serverOptions(
  { host, port, isTls }: ServerAddress,
  { id, key, secret }: Credentials,
): ServerOptions {
  return { appId: id, key, secret, host: urlHost(host), port: String(port), useTLS: isTls };
}

/** The same as environment variables: the names of Soketify, and those that Laravel and others read. */
export function environment({ host, port, isTls }: ServerAddress, app: Credentials): Record<string, string> {
  return {
    SOKETIFY_APP_ID: app.id,
    SOKETIFY_APP_KEY: app.key,
    SOKETIFY_APP_SECRET: app.secret,
    SOKETIFY_HOST: host,
    SOKETIFY_PORT: String(port),
    PUSHER_APP_ID: app.id,
    PUSHER_APP_KEY: app.key,
    PUSHER_APP_SECRET: app.secret,
    PUSHER_APP_CLUSTER: 'default',
    PUSHER_HOST: urlHost(host),
    PUSHER_PORT: String(port),
    PUSHER_SCHEME: isTls ? 'https' : 'http',
  };
}
