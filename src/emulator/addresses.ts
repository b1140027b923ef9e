/** Where the emulator listens and what an app is, for those who connect. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Empty, or `/prefix`. */
  readonly path: string;
  readonly isTls: boolean;
}

/** What clients and backends name an app with. */
export interface Credentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** Options of pusher-js; `key` is for Laravel Echo, and pusher-js passes over it. */
export interface ClientOptions {
  key: string;
  cluster: string;
  wsHost: string;
  wsPort: number;
  wssPort: number;
  wsPath?: string;
  forceTLS: boolean;
  enabledTransports: ('ws' | 'wss')[];
  disableStats: boolean;
}

/** Options of the `pusher` package for servers; other languages have the same under other names. */
export interface ServerOptions {
  appId: string;
  key: string;
  secret: string;
  host: string;
  port: string;
  useTLS: boolean;
}

/** Where the HTTP API is, such as `http://127.0.0.1:6001`. */
export function urlOf({ host, port, path, isTls }: ServerAddress): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

/** What a client connects with: `new Pusher(key, options)`. */
export function clientOptions(
  { host, port, path, isTls }: ServerAddress,
  { key }: Pick<Credentials, 'key'>,
): ClientOptions {
  return {
    key,
    // pusher-js insists on one; it means nothing here.
    cluster: 'default',
    wsHost: host,
    wsPort: port,
    wssPort: port,
    ...(path !== '' && { wsPath: path }),
    forceTLS: isTls,
    enabledTransports: ['ws', 'wss'],
    disableStats: true,
  };
}

/** What a backend connects with: `new Pusher(options)`. */
export function serverOptions(
  { host, port, isTls }: ServerAddress,
  { id, key, secret }: Credentials,
): ServerOptions {
  return { appId: id, key, secret, host, port: String(port), useTLS: isTls };
}

/** The same for a process that reads its environment: Soketify's names, and those that Laravel and others read. */
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
    PUSHER_HOST: host,
    PUSHER_PORT: String(port),
    PUSHER_SCHEME: isTls ? 'https' : 'http',
  };
}
