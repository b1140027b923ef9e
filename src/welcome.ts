import type { AppConfig, Config } from './config/schema.ts';

/** What the first log line says: where, which apps, which endpoints, and how to connect. Never a secret. */
export function describeStart(config: Config, port: number): Record<string, unknown> {
  return {
    port,
    host: config.host,
    url: httpUrl(config, port),
    apps: config.apps.map(({ id, key, enabled, webhooks }) => ({
      id,
      key,
      ...(!enabled && { enabled }),
      endpoints: webhooks.map((webhook) => ({ id: webhook.id, url: publicUrl(webhook.url) })),
    })),
    connect: connectLines(config, port),
  };
}

/** The same for a person at a terminal. */
export function formatWelcome(config: Config, port: number): string {
  const apps = config.apps.map(({ id, key, enabled, webhooks }) => {
    const endpoints = webhooks.map(
      ({ url, eventTypes }) => `    webhooks to ${publicUrl(url)}  (${eventTypes.join(', ')})\n`,
    );
    const none = '    no webhooks: configure an endpoint, or set SOKETIFY_WEBHOOK_URL\n';
    return `  app ${id}, key ${key}${enabled ? '' : ' (disabled)'}\n${endpoints.length === 0 ? none : endpoints.join('')}`;
  });
  const connect = connectLines(config, port).map((line) => `  ${line}\n`);
  return `\n${httpUrl(config, port)} serves\n${apps.join('')}\nConnect with pusher-js:\n${connect.join('')}\n`;
}

function connectLines(config: Config, port: number): readonly string[] {
  const { path, tls } = config;
  const portOption = tls === undefined ? `wsPort: ${port}` : `wssPort: ${port}`;
  const pathOption = path === '' ? '' : ` wsPath: '${path}',`;
  return [
    "import Pusher from 'pusher-js';",
    `const pusher = new Pusher('${keyToShow(config.apps)}', { cluster: 'default', wsHost: '${reachableHost(config)}', ${portOption},${pathOption} forceTLS: ${tls !== undefined}, enabledTransports: ['ws', 'wss'] });`,
  ];
}

/** The key of the first app that lets anybody in. */
function keyToShow(apps: readonly AppConfig[]): string {
  const app = apps.find(({ enabled }) => enabled) ?? apps[0];
  return app?.key ?? 'app-key';
}

function httpUrl(config: Config, port: number): string {
  const host = reachableHost(config);
  const scheme = config.tls === undefined ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${config.path}`;
}

/** A host that a client on this machine can name: "all addresses" is none. */
function reachableHost({ host }: Config): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** A URL without what may be secret in it. */
function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
