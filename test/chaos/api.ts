import { createHash, createHmac } from 'node:crypto';
import { app } from './settings.ts';

/** How long a node may take to answer. */
const patienceMs = 3000;

/** A request to a node's HTTP API, signed. Resolves with what a 200 carries; rejects otherwise. */
export async function callApi(
  node: { readonly url: string },
  path: string,
  body?: string,
): Promise<Record<string, unknown>> {
  const method = body === undefined ? 'GET' : 'POST';
  const fullPath = `/apps/${app.id}${path}`;
  const query = [
    `auth_key=${app.key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    'auth_version=1.0',
    ...(body === undefined ? [] : [`body_md5=${createHash('md5').update(body).digest('hex')}`]),
  ].join('&');
  const signature = createHmac('sha256', app.secret).update(`${method}\n${fullPath}\n${query}`).digest('hex');
  const response = await fetch(`${node.url}${fullPath}?${query}&auth_signature=${signature}`, {
    method,
    signal: AbortSignal.timeout(patienceMs),
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** What an application's server gives a client for a channel. */
export function authFor(socketId: string, channel: string, channelData?: string): string {
  const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  return `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
}

/** What a node has still to deliver, over all endpoints; and whether any endpoint is failing for it. */
export async function readQueue(node: {
  readonly url: string;
}): Promise<{ events: number; isFailing: boolean }> {
  const response = await fetch(`${node.url}/metrics`, { signal: AbortSignal.timeout(patienceMs) });
  const text = await response.text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (.+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return {
    events: sum('soketify_webhook_queue_events'),
    isFailing: sum('soketify_webhook_endpoint_failing') > 0,
  };
}
