import { createHash } from 'node:crypto';
import type { Limits } from '../protocol/limits.ts';
import type { AppConfig, Config, EndpointConfig, ParsedConfig } from './schema.ts';

type ParsedApp = ParsedConfig['apps'][number];
type ParsedWebhook = ParsedApp['webhooks'][number];
type ParsedLimits = { readonly [Name in keyof Limits]: number | null };

/** Gives each app its limits and each endpoint its id, and makes "no limit" Infinity. */
export function resolve(parsed: ParsedConfig): Config {
  const { $schema: _, ...rest } = parsed;
  return {
    ...rest,
    limits: resolveLimits(parsed.limits),
    apps: parsed.apps.map((app) => resolveApp(app, parsed.limits)),
  };
}

function resolveApp(app: ParsedApp, common: ParsedLimits): AppConfig {
  return {
    ...app,
    limits: resolveLimits({ ...common, ...given(app.limits) }),
    webhooks: resolveEndpoints(app.webhooks),
  };
}

function given(limits: ParsedApp['limits']): Partial<ParsedLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function resolveLimits(limits: ParsedLimits): Limits {
  return {
    clientEventsPerSecond: limits.clientEventsPerSecond ?? Infinity,
    presenceMembers: limits.presenceMembers ?? Infinity,
    userInfoBytes: limits.userInfoBytes ?? Infinity,
    userIdLength: limits.userIdLength ?? Infinity,
    channelNameLength: limits.channelNameLength ?? Infinity,
    eventNameLength: limits.eventNameLength ?? Infinity,
    eventDataBytes: limits.eventDataBytes ?? Infinity,
    channelsPerTrigger: limits.channelsPerTrigger ?? Infinity,
    eventsPerBatch: limits.eventsPerBatch ?? Infinity,
    watchlist: limits.watchlist ?? Infinity,
    connections: limits.connections ?? Infinity,
    triggersPerSecond: limits.triggersPerSecond ?? Infinity,
  };
}

/** An endpoint without an id of its own is named by what it is, and by how many before it are the same. */
function resolveEndpoints(webhooks: readonly ParsedWebhook[]): readonly EndpointConfig[] {
  const taken = new Set(webhooks.map((webhook) => webhook.id));
  return webhooks.map((webhook) => {
    const eventTypes = [...new Set(webhook.eventTypes)];
    const id = webhook.id ?? nextFree(fingerprint({ ...webhook, eventTypes }), taken);
    taken.add(id);
    return { ...webhook, id, eventTypes };
  });
}

function nextFree(stem: string, taken: ReadonlySet<string | undefined>): string {
  let ordinal = 1;
  while (taken.has(`${stem}-${ordinal}`)) ordinal += 1;
  return `${stem}-${ordinal}`;
}

function fingerprint({ url, eventTypes, channels }: ParsedWebhook): string {
  const identity = JSON.stringify([url, eventTypes.toSorted(), channels.startsWith, channels.endsWith]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 12);
}
