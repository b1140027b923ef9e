import type { AppConfig, Config } from '../config/schema/schema.ts';
import { urlHost } from '../protocol/connectable-host.ts';

/** Where the server listens. */
export interface StartedPorts {
  readonly port: number;
  /** The separate port of the Dashboard, if it has one. */
  readonly dashboardPort?: number | undefined;
}

/** The fields of the first log line: the address, the apps, the endpoints, and how to connect. It never contains a secret. */
export function describeStart(config: Config, ports: StartedPorts): Record<string, unknown> {
  const { port } = ports;
  const dashboard = dashboardUrl(config, ports);
  return {
    port,
    host: config.host,
    url: httpUrl(config, port),
    ...(dashboard !== undefined && { dashboard }),
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
export function formatWelcome(config: Config, ports: StartedPorts): string {
  const { port } = ports;
  const dashboard = dashboardUrl(config, ports);
  const apps = config.apps.map(({ id, key, enabled, webhooks }) => {
    const endpoints = webhooks.map(
      ({ url, eventTypes }) => `    webhooks to ${publicUrl(url)}  (${eventTypes.join(', ')})\n`,
    );
    const none = '    no endpoints: configure one, or set SOKETIFY_WEBHOOK_URL\n';
    return `  app ${id}, key ${key}${enabled ? '' : ' (disabled)'}\n${endpoints.length === 0 ? none : endpoints.join('')}`;
  });
  const connect = connectLines(config, port).map((line) => `  ${line}\n`);
  const look = dashboard === undefined ? '' : `\nDashboard: ${dashboard}\n`;
  return `\n${httpUrl(config, port)} serves\n${apps.join('')}${look}\nConnect with pusher-js:\n${connect.join('')}\n`;
}

function connectLines(config: Config, port: number): readonly string[] {
  const { path, tls } = config;
  const portOption = tls === undefined ? `wsPort: ${port}` : `wssPort: ${port}`;
  const pathOption = path === '' ? '' : ` wsPath: '${path}',`;
  return [
    "import Pusher from 'pusher-js';",
    `const pusher = new Pusher('${keyToShow(config.apps)}', { cluster: 'default', wsHost: '${urlHost(config.host)}', ${portOption},${pathOption} forceTLS: ${tls !== undefined}, enabledTransports: ['ws', 'wss'] });`,
  ];
}

/** Returns the key of the first enabled app. */
function keyToShow(apps: readonly AppConfig[]): string {
  const app = apps.find(({ enabled }) => enabled) ?? apps[0];
  return app?.key ?? 'app-key';
}

function httpUrl(config: Config, port: number): string {
  const scheme = config.tls === undefined ? 'http' : 'https';
  return `${scheme}://${urlHost(config.host)}:${port}${config.path}`;
}

/** Returns the URL of the Dashboard; undefined if it is not served. A separate port uses plain HTTP. */
function dashboardUrl(config: Config, { port, dashboardPort }: StartedPorts): string | undefined {
  const { dashboard } = config;
  if (dashboard === undefined) return undefined;
  if (dashboardPort === undefined) return `${httpUrl(config, port)}/dashboard/`;
  const host = dashboard.host ?? config.host;
  return `${httpUrl({ ...config, host, tls: undefined }, dashboardPort)}/dashboard/`;
}

/** Returns a URL without the parts that may be secret. */
function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
