import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { app, quick, type Config } from './config.ts';
import type { Receiver, WebhookEvent, WebhookRequest } from './receiver.ts';

/** A folder for a store, until the test ends. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'soketify-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

interface Given {
  readonly path: string;
  readonly hooks?: Receiver;
  readonly graceMs?: number;
  readonly shutdown?: 'report' | 'keep';
}

/** A server with a store and, with `hooks`, one endpoint. */
export function config({ path, hooks, graceMs = 60_000, shutdown = 'report' }: Given): Config {
  const webhooks = hooks === undefined ? [] : [{ url: hooks.url, id: 'main' }];
  return {
    apps: [{ ...app, webhooks }],
    webhooks: { ...quick, restartGraceMs: graceMs },
    store: { path, shutdown },
  };
}

/**
 * What an endpoint has accepted, each delivery once. A delivery accepted right before a kill may be repeated
 * with the same id.
 */
export function taken(requests: readonly WebhookRequest[]): readonly WebhookEvent[] {
  const deliveries = new Map<unknown, readonly WebhookEvent[]>();
  for (const { headers, answer, events } of requests) {
    if (answer === 200 && !deliveries.has(headers['webhook-id']))
      deliveries.set(headers['webhook-id'], events);
  }
  return [...deliveries.values()].flat();
}
