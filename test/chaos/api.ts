import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { signedQuery } from '../support/sign-request.ts';
import { app } from './settings.ts';

/** How long a node may take to answer. */
const patienceMs = 3000;

/**
 * How long a node may report that it does not know the state, such as while its lease is renewed after an
 * outage of Redis.
 */
const unknownMs = 30_000;

/**
 * Sends a signed request to a node's HTTP API, and repeats it until the node can answer. Resolves to the body
 * of a 200, rejects otherwise.
 */
export async function callApi(
  node: { readonly url: string },
  path: string,
  body?: string,
): Promise<Record<string, unknown>> {
  const deadline = Date.now() + unknownMs;
  for (;;) {
    const { status, text } = await callOnce(node, path, body);
    if (status === 200) return JSON.parse(text) as Record<string, unknown>;
    if (status !== 503 || Date.now() > deadline) throw new Error(`${path}: ${status} ${text}`);
    await pause(500);
  }
}

async function callOnce(
  node: { readonly url: string },
  path: string,
  body: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const method = body === undefined ? 'GET' : 'POST';
  const fullPath = `/apps/${app.id}${path}`;
  const query = signedQuery(app, { method, path: fullPath, body });
  const response = await fetch(`${node.url}${fullPath}?${query}`, {
    method,
    signal: AbortSignal.timeout(patienceMs),
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
}

/** Signs a subscription, as an application's backend does. */
export function authFor(socketId: string, channel: string, channelData?: string): string {
  const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  return `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
}

/**
 * How many deliveries of a node are pending over all endpoints, and whether any endpoint is failing for it.
 */
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
