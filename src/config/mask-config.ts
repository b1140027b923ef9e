import { writeLimits } from '../protocol/limits.ts';
import type { AppConfig, Config } from './schema/schema.ts';

/** The replacement of a secret. */
const masked = '********';

type Shown = Readonly<Record<string, unknown>>;

/**
 * Returns the effective configuration in the format of a file, without anything that may be secret: secrets and passphrases,
 * passwords and queries of URLs, the values of headers, and private keys.
 */
export function maskConfig(config: Config): Shown {
  const { apps, limits, tls, redis, control, dashboard, ...rest } = config;
  return {
    ...rest,
    apps: apps.map((app) => maskApp(app)),
    limits: writeLimits(limits),
    ...(tls && { tls: { ...tls, ...(tls.passphrase !== undefined && { passphrase: masked }) } }),
    ...(redis && { redis: maskRedis(redis) }),
    ...(control && { control: { ...control, ...(control.token !== undefined && { token: masked }) } }),
    ...(dashboard && {
      dashboard: {
        ...dashboard,
        ...(dashboard.token !== undefined && { token: masked }),
        ...(dashboard.viewToken !== undefined && { viewToken: masked }),
      },
    }),
  };
}

function maskApp(app: AppConfig): Shown {
  return {
    ...app,
    secret: masked,
    otherKeys: app.otherKeys.map(({ key }) => ({ key, secret: masked })),
    limits: writeLimits(app.limits),
    webhooks: app.webhooks.map((webhook) => ({
      ...webhook,
      url: maskUrl(webhook.url),
      headers: Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, masked])),
    })),
  };
}

function maskRedis({ connection, tls, ...rest }: NonNullable<Config['redis']>): Shown {
  return {
    ...maskConnection(connection),
    ...rest,
    ...(tls && {
      tls: {
        ...tls,
        ...(tls.ca !== undefined && { ca: '(a certificate)' }),
        ...(tls.cert !== undefined && { cert: '(a certificate)' }),
        ...(tls.key !== undefined && { key: masked }),
      },
    }),
  };
}

function maskConnection(connection: NonNullable<Config['redis']>['connection']): Shown {
  switch (connection.kind) {
    case 'single':
      return { url: maskUrl(connection.url) };
    case 'cluster':
      return { cluster: connection.urls.map(maskUrl) };
    case 'sentinel': {
      const { name, urls, url } = connection;
      return {
        sentinel: { name, urls: urls.map(maskUrl), ...(url !== undefined && { url: maskUrl(url) }) },
      };
    }
  }
}

/** Returns a URL without its password, query and fragment. */
export function maskUrl(text: string): string {
  const url = new URL(text);
  if (url.password !== '') url.password = masked;
  if (url.search !== '') url.search = masked;
  if (url.hash !== '') url.hash = masked;
  return url.href;
}
