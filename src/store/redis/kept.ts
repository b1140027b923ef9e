import type { KeptBatch } from '../../ports/delivery-store.ts';
import { isWebhookEvent, type WebhookEvent } from '../../webhooks/event.ts';

/** An event of an outbox. */
export interface KeptEntry {
  readonly appId: string;
  readonly event: WebhookEvent;
}

/** Reads an entry of an outbox. Undefined if it is none that this version of the program knows. */
export function parseEntry([, appId, , json]: readonly string[]): KeptEntry | undefined {
  const event = parse(json ?? '');
  return appId !== undefined && isWebhookEvent(event) ? { appId, event } : undefined;
}

/** Reads a batch that was kept. Undefined if it is none that this version of the program knows. */
export function parseKeptBatch(id: string, json: string): KeptBatch | undefined {
  const batch = parse(json);
  if (typeof batch !== 'object' || batch === null) return undefined;
  if (!('appId' in batch && 'endpointId' in batch && 'timeMs' in batch && 'refs' in batch)) return undefined;
  const { appId, endpointId, timeMs, refs } = batch;
  if (!Array.isArray(refs)) return undefined;
  return {
    id,
    appId: String(appId),
    endpointId: String(endpointId),
    timeMs: Number(timeMs),
    refs: refs.map(String),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
