import type { KeptBatch } from '../../../ports/delivery-store.ts';
import { isWebhookEvent, type WebhookEvent } from '../../../webhooks/event.ts';

/** An event of an outbox. */
export interface KeptEntry {
  readonly appId: string;
  readonly event: WebhookEvent;
}

/** An entry of an outbox that this version of the program does not understand, because another version wrote it. */
export interface UnknownEntry {
  readonly appId: string;
  /** Empty if not even the channel can be read. */
  readonly channel: string;
  readonly event: undefined;
}

/** Reads an entry of an outbox. */
export function parseEntry([, appId = '', , json = '']: readonly string[]): KeptEntry | UnknownEntry {
  const event = parse(json);
  if (appId !== '' && isWebhookEvent(event)) return { appId, event };
  const isObject = typeof event === 'object' && event !== null;
  const channel = isObject && 'channel' in event ? event.channel : '';
  return { appId, channel: typeof channel === 'string' ? channel : '', event: undefined };
}

/** Reads a kept batch. Undefined if this version of the program does not understand it. */
export function parseKeptBatch(id: string, json: string): KeptBatch | undefined {
  const batch = parse(json);
  if (typeof batch !== 'object' || batch === null) return undefined;
  if (!('appId' in batch && 'endpointId' in batch && 'timeMs' in batch && 'refs' in batch)) return undefined;
  const { appId, endpointId, timeMs, refs } = batch;
  if (typeof appId !== 'string' || typeof endpointId !== 'string' || typeof timeMs !== 'number')
    return undefined;
  if (!Array.isArray(refs) || !refs.every((ref) => typeof ref === 'string')) return undefined;
  return { id, appId, endpointId, timeMs, refs };
}

/** The value of a JSON text; undefined if it is not JSON. */
export function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
