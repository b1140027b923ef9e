/** The part of the program's configuration that tests use. */
export interface Config {
  readonly apps?: readonly AppConfig[];
  readonly webhooks?: WebhooksConfig;
  readonly activityTimeoutMs?: number;
  readonly pongTimeoutMs?: number;
  readonly shutdownTimeoutMs?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly trustedProxies?: readonly string[];
  readonly control?: { readonly clock?: 'real' | 'virtual' };
  readonly redis?: RedisConfig;
  readonly workers?: number;
  readonly store?: {
    readonly path: string;
    readonly sync?: 'process' | 'disk';
    readonly shutdown?: 'report' | 'keep';
  };
  readonly dashboard?:
    boolean | { readonly token?: string; readonly viewToken?: string; readonly payloads?: boolean };
}

interface RedisConfig {
  readonly url?: string;
  readonly sentinel?: { readonly name: string; readonly urls: readonly string[] };
  readonly cluster?: readonly string[];
  readonly keyPrefix?: string;
  readonly leaseMs?: number;
  readonly tls?: { readonly caFile?: string; readonly rejectUnauthorized?: boolean };
}

export interface AppConfig {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
  readonly otherKeys?: readonly { readonly key: string; readonly secret: string }[];
  readonly enabled?: boolean;
  readonly clientEvents?: boolean;
  readonly subscriptionCount?: boolean;
  readonly watchlist?: boolean;
  readonly forceTls?: boolean;
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Readonly<Record<string, number | null>>;
  readonly webhooks?: readonly EndpointConfig[];
}

export interface EndpointConfig {
  readonly id?: string;
  readonly enabled?: boolean;
  readonly url: string;
  readonly eventTypes?: readonly string[];
  readonly channels?: { readonly startsWith?: string; readonly endsWith?: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly allowInsecure?: boolean;
  readonly reconcile?: boolean;
}

interface WebhooksConfig {
  readonly batch?: { readonly maxEvents?: number; readonly maxDelayMs?: number; readonly maxBytes?: number };
  readonly disconnectGraceMs?: number;
  readonly unsubscribeGraceMs?: number;
  readonly shutdownGraceMs?: number;
  readonly requestTimeoutMs?: number;
  readonly restartGraceMs?: number | 'auto';
  readonly concurrency?: number;
  readonly retry?: {
    readonly initialDelayMs?: number;
    readonly multiplier?: number;
    readonly maxDelayMs?: number;
    readonly maxElapsedMs?: number;
  };
}

export const app = { id: '1', key: 'app-key', secret: 'app-secret' } satisfies AppConfig;
export const otherApp = { id: '2', key: 'other-key', secret: 'other-secret' } satisfies AppConfig;

/** Shortens the waits between attempts, for tests of what is sent, not when. */
export const quick = {
  disconnectGraceMs: 150,
  unsubscribeGraceMs: 150,
  batch: { maxDelayMs: 20 },
  retry: { initialDelayMs: 50, maxDelayMs: 100 },
} satisfies WebhooksConfig;

/** One app whose webhooks go to these endpoints, with short waits. */
export function quickConfig(...webhooks: readonly EndpointConfig[]): Config {
  return { apps: [{ ...app, webhooks }], webhooks: quick };
}
