/** The app that every node serves. */
export const app = { id: '1', key: 'chaos-key', secret: 'chaos-secret' } as const;

/** Short, so that minutes show what otherwise takes hours; long enough for a busy machine. */
export const graceMs = 1000;
export const leaseMs = 2000;
export const requestTimeoutMs = 1000;

/** How long after a fault that made another node take over the order of a channel's events is best effort. */
export const disorderMs = 15_000;

/** How long after a loss of all data the nodes may take to write down again what they hold. */
export const recoveryMs = 5000;

/** The header by which a webhook says which node sent it. */
export const nodeHeader = 'x-chaos-node';

/** An endpoint as the nodes are told of it. */
export interface EndpointSetting {
  readonly id: string;
  readonly url: string;
  /** Of which channels it hears. */
  readonly startsWith: string;
}

/** What a node is started with. */
export interface NodeSetting {
  readonly name: string;
  readonly endpoints: readonly EndpointSetting[];
  /** Undefined for a single node, which keeps its state in memory. */
  readonly redisUrl: string | undefined;
  /** Threads that its clients are connected to. Default: 1. */
  readonly workers?: number | undefined;
  /** Of a single node: where it keeps what outlives it, and how long it waits for whom. */
  readonly store?: { readonly path: string; readonly graceMs: number; readonly restartGraceMs: number };
}

/** The configuration file of one node; nodes differ only in what they call themselves. */
export function configOf({ name, endpoints, redisUrl, workers, store }: NodeSetting): object {
  return {
    apps: [
      {
        ...app,
        webhooks: endpoints.map(({ id, url, startsWith }) => ({
          id,
          url,
          channels: { startsWith },
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
      retry: { initialDelayMs: 200, maxDelayMs: 1000 },
    },
    shutdownTimeoutMs: 3000,
    ...(workers !== undefined && { workers }),
    ...(store !== undefined && { store: { path: store.path } }),
    ...(redisUrl !== undefined && { redis: { url: redisUrl, keyPrefix: 'chaos:', leaseMs } }),
  };
}

/** How many channels there are of each kind for 20 clients: few enough to meet, enough to be left empty. */
const channelsPerTwenty = {
  'room-': 6,
  'private-room-': 3,
  'presence-room-': 8,
  'cache-': 2,
  'private-cache-': 1,
  'presence-cache-': 2,
} as const;

/** The channels on which so many clients meet, the kinds mixed. */
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

/** Channels that need a signature, and on which clients may send events. */
export function isPrivate(channel: string): boolean {
  return channel.startsWith('private-') || isPresence(channel);
}
