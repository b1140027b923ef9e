import { memberListBytes, messageBytes } from '../../protocol/bounds.ts';
import { formatPath, quote } from './fault.ts';
import { shortSecrets } from './exposure.ts';
import { defaultApp } from '../default-app.ts';
import { isLoopback } from '../hosts.ts';
import type { Config } from '../schema/schema.ts';

/** Returns warnings about settings that are allowed but probably not intended. */
export function warningsOf(config: Config, production: boolean): readonly string[] {
  return [
    ...(production ? [...mortalState(config), ...closedDashboard(config)] : []),
    ...wellKnownSecrets(config),
    ...shortSecrets(config),
    ...unheardCounts(config),
    ...unreachableApps(config),
    ...idleGrace(config),
    ...longMemberLists(config),
    ...largeMessagesOnRedis(config),
  ];
}

function wellKnownSecrets({ host, apps }: Config): readonly string[] {
  if (isLoopback(host)) return [];
  return apps
    .filter((app) => [app, ...app.otherKeys].some(({ secret }) => secret === defaultApp.secret))
    .map(({ id }) => `the secret of app ${quote(id)} is the default one, which is public; set another`);
}

function mortalState({ redis, store }: Config): readonly string[] {
  if (redis !== undefined || store !== undefined) return [];
  return [
    'store: neither store nor redis is set. A crash loses pending webhooks and cached events, and endpoints receive no channel_vacated and member_removed for the clients that were connected. Set "store": { "path": "data" }',
  ];
}

/** In production, the Dashboard requires encryption, which TLS or a trusted proxy must provide. */
function closedDashboard({ host, tls, trustedProxies, dashboard }: Config): readonly string[] {
  if (dashboard === undefined || isLoopback(dashboard.host ?? host) || trustedProxies.length > 0) return [];
  if (tls !== undefined && dashboard.port === undefined) return [];
  const cause =
    dashboard.port === undefined
      ? 'neither tls nor trustedProxies is given'
      : 'its own port speaks plain HTTP, and trustedProxies is not given';
  return [`dashboard: when NODE_ENV is production only this machine can use it, because ${cause}`];
}

function unheardCounts({ apps }: Config): readonly string[] {
  return apps.flatMap(({ subscriptionCount, webhooks }, app) =>
    webhooks.flatMap(({ eventTypes }, webhook) => {
      if (subscriptionCount || !eventTypes.includes('subscription_count')) return [];
      const path = formatPath(['apps', app, 'webhooks', webhook, 'eventTypes']);
      return [`${path}: subscription_count is never sent, because subscriptionCount of the app is false`];
    }),
  );
}

function unreachableApps({ apps, tls, trustedProxies }: Config): readonly string[] {
  if (tls !== undefined || trustedProxies.length > 0) return [];
  return apps.flatMap(({ forceTls }, index) => {
    const path = formatPath(['apps', index, 'forceTls']);
    return forceTls
      ? [`${path}: no client can connect, because neither tls nor trustedProxies is given`]
      : [];
  });
}

function idleGrace({ redis, webhooks }: Config): readonly string[] {
  if (redis !== undefined || webhooks.shutdownGraceMs === undefined) return [];
  return [
    'webhooks.shutdownGraceMs: has no effect without redis, because there is no other node to which clients could reconnect',
  ];
}

function longMemberLists({ apps, maxBackpressureBytes }: Config): readonly string[] {
  return apps.flatMap(({ id, limits }) => {
    const bytes = memberListBytes(limits);
    // Without a limit, there is no number to report.
    if (bytes <= maxBackpressureBytes || bytes === Infinity) return [];
    return [
      `maxBackpressureBytes: the list of ${limits.presenceMembers} members, which limits.presenceMembers of app ${quote(id)} allows, may take ${bytes} bytes, more than the ${maxBackpressureBytes} bytes that a client may have unsent: a client that joins such a channel may be closed as too slow`,
    ];
  });
}

/** By default, Redis disconnects subscribers with more than 32 MB of unread messages. */
const mostOnRedisBytes = 4 * 1024 * 1024;

function largeMessagesOnRedis({ redis, apps }: Config): readonly string[] {
  if (redis === undefined) return [];
  return apps
    .filter(({ limits }) => messageBytes(limits) > mostOnRedisBytes)
    .map(
      ({ id, limits }) =>
        `redis: the limits of app ${quote(id)} allow messages of ${messageBytes(limits)} bytes; raise client-output-buffer-limit pubsub in Redis, which disconnects a node with more than 32 MB of unread messages`,
    );
}
