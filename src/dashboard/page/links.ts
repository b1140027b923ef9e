import { href } from './router.ts';

/** The address of the debug console. */
export function consoleLink(
  app: string | undefined,
  query: { readonly q?: string; readonly row?: string } = {},
): string {
  return href(app === undefined ? ['console'] : ['apps', app, 'console'], query);
}

/** The address of a channel's page. */
export function channelLink(app: string, channel: string): string {
  return href(['apps', app, 'channels', channel]);
}

/** The address of the page Events and why, with a search. */
export function whyLink(app: string, q: string): string {
  return href(['apps', app, 'events'], { q });
}

/** The address of a delivery. */
export function deliveryLink(app: string, id: string): string {
  return href(['apps', app, 'webhooks', 'deliveries'], { id });
}

/** The address of the page Deliveries, with a search. */
export function deliveriesLink(app: string, q: string): string {
  return href(['apps', app, 'webhooks', 'deliveries'], { q });
}

/** The address of the page Truth of an endpoint. */
export function truthLink(app: string, endpoint: string): string {
  return href(['apps', app, 'truth'], { endpoint });
}

/** A search term that matches exactly this value. */
export function searchWord(key: string, value: string): string {
  return /^[^\s"*]+$/.test(value)
    ? `${key}:${value}`
    : `${key}:"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
