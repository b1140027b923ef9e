/** The app that every node serves. */
export const app = { id: '1', key: 'chaos-key', secret: 'chaos-secret' } as const;

/** Short, so that minutes exercise what otherwise takes hours. Long enough for a busy machine. */
export const graceMs = 1000;
export const leaseMs = 2000;
export const requestTimeoutMs = 1000;

/** How long the order of a channel's events is best effort after another node has taken over. */
export const disorderMs = 15_000;

/** How long nodes may take to restore what they hold after a loss of all data. */
export const recoveryMs = 5000;

/** The webhook header that names the sending node. */
export const nodeHeader = 'x-chaos-node';

/** An endpoint in the nodes' configuration. */
export interface EndpointSetting {
  readonly id: string;
  readonly url: string;
  /** The channels that it receives events of. */
  readonly startsWith: string;
}

/** The settings of a node. */
export interface NodeSetting {
  readonly name: string;
  readonly endpoints: readonly EndpointSetting[];
  /** Undefined for a single node, which keeps its state in memory. */
  readonly redisUrl: string | undefined;
  /** Worker threads. Default: 1. */
  readonly workers?: number | undefined;
  /** Whether endpoints lose what they do not accept soon, and are reconciled. Default: false. */
  readonly reconcile?: boolean | undefined;
  /** For a single node: where its store is, and how long its grace periods are. */
  readonly store?: { readonly path: string; readonly graceMs: number; readonly restartGraceMs: number };
}

/** The configuration file of one node. Nodes differ only in their name. */
export function configOf({
  name,
  endpoints,
  redisUrl,
  workers,
  reconcile = false,
  store,
}: NodeSetting): object {
  return {
    apps: [
      {
        ...app,
        webhooks: endpoints.map(({ id, url, startsWith }) => ({
          id,
          url,
          channels: { startsWith },
          reconcile,
          headers: { [nodeHeader]: name },
        })),
      },
    ],
    webhooks: {
      disconnectGraceMs: store?.graceMs ?? graceMs,
      unsubscribeGraceMs: store?.graceMs ?? graceMs,
      ...(store !== undefined && { restartGraceMs: store.restartGraceMs }),
      requestTimeoutMs,
      batch: { maxDelayMs: 50 },
      retry: { initialDelayMs: 200, maxDelayMs: 1000, ...(reconcile && { maxElapsedMs: 1500 }) },
    },
    shutdownTimeoutMs: 3000,
    ...(workers !== undefined && { workers }),
    ...(store !== undefined && { store: { path: store.path } }),
    ...(redisUrl !== undefined && { redis: { url: redisUrl, keyPrefix: 'chaos:', leaseMs } }),
  };
}

/**
 * How many channels of each kind exist per 20 clients: few enough to be shared, many enough to become empty.
 */
const channelsPerTwenty = {
  'room-': 6,
  'private-room-': 3,
  'presence-room-': 8,
  'cache-': 2,
  'private-cache-': 1,
  'presence-cache-': 2,
} as const;

/** The channels of a run with this many clients, in mixed kinds. */
export function channelsFor(clients: number): string[] {
  const channels = Object.entries(channelsPerTwenty).flatMap(([prefix, share]) => {
    const count = Math.ceil((share * clients) / 20);
    return Array.from({ length: count }, (_, index) => ({
      name: `${prefix}${index + 1}`,
      place: index / count,
    }));
  });
  return channels.toSorted((a, b) => a.place - b.place).map(({ name }) => name);
}

export function isPresence(channel: string): boolean {
  return channel.startsWith('presence-');
}

export function isCache(channel: string): boolean {
  return /^(private-|presence-)?cache-/.test(channel);
}

/** Channels that need a signature and allow client events. */
export function isPrivate(channel: string): boolean {
  return channel.startsWith('private-') || isPresence(channel);
}
