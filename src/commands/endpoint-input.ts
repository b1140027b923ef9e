import type { EventName } from '../webhooks/event.ts';
import type { BatchInput, EndpointInput, EndpointView } from '../views/settings.ts';
import { UsageError } from './command.ts';

/** The settings of an endpoint, as options. */
export interface EndpointOptions {
  readonly id?: string;
  readonly to?: URL;
  readonly eventType?: readonly EventName[];
  readonly startsWith?: string;
  readonly endsWith?: string;
  /** Each `NAME: VALUE`. */
  readonly header?: readonly string[];
  readonly removeHeader?: readonly string[];
  readonly standardSignature?: boolean;
  readonly reconcile?: boolean;
  readonly batchEvents?: number;
  readonly batchDelay?: number;
  readonly batchBytes?: number;
}

/** The input for a new endpoint; the server fills in missing settings. */
export function inputOf(url: URL, options: EndpointOptions): EndpointInput {
  return { url: url.href, ...givenSettings(options) };
}

/** Whether any option changes a setting of an endpoint. */
export function changesSomething(options: EndpointOptions): boolean {
  const { to, removeHeader } = options;
  return to !== undefined || removeHeader !== undefined || Object.keys(givenSettings(options)).length > 0;
}

/** The settings that the options give, except for the URL. */
function givenSettings(options: EndpointOptions): Omit<EndpointInput, 'url'> {
  const { id, standardSignature, reconcile } = options;
  const headers = headersOf(options.header);
  const batch = batchOf(options);
  const channels = channelsOf(options);
  return {
    ...(id !== undefined && { id }),
    ...(options.eventType && { eventTypes: options.eventType }),
    ...(Object.keys(channels).length > 0 && { channels }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(standardSignature !== undefined && { standardSignature }),
    ...(reconcile !== undefined && { reconcile }),
    ...(Object.keys(batch).length > 0 && { batch }),
  };
}

/**
 * All settings of an endpoint with the changes applied, as the server expects them. Throws a UsageError if a header to remove does
 * not exist.
 */
export function changedInput(endpoint: EndpointView, options: EndpointOptions): EndpointInput {
  const removed = new Set((options.removeHeader ?? []).map((name) => name.toLowerCase()));
  const existing = Object.keys(endpoint.headers);
  const known = new Set(existing.map((name) => name.toLowerCase()));
  const missing = options.removeHeader?.find((name) => !known.has(name.toLowerCase()));
  if (missing !== undefined) {
    throw new UsageError(
      `--remove-header: the endpoint ${endpoint.id} has no header '${missing}'; it has ${existing.join(', ') || 'none'}`,
    );
  }
  const added = headersOf(options.header);
  // Header names are case-insensitive.
  for (const name of Object.keys(added)) removed.add(name.toLowerCase());
  const kept = Object.entries(endpoint.headers).filter(([name]) => !removed.has(name.toLowerCase()));
  const batch = { ...endpoint.ownBatch, ...batchOf(options) };
  return {
    id: endpoint.id,
    url: options.to?.href ?? endpoint.url,
    eventTypes: options.eventType ?? endpoint.eventTypes,
    channels: { ...endpoint.channels, ...channelsOf(options) },
    headers: { ...Object.fromEntries(kept), ...added },
    standardSignature: options.standardSignature ?? endpoint.standardSignature,
    reconcile: options.reconcile ?? endpoint.reconcile,
    ...(Object.keys(batch).length > 0 && { batch }),
  };
}

function channelsOf({ startsWith, endsWith }: EndpointOptions): EndpointInput['channels'] & object {
  return { ...(startsWith !== undefined && { startsWith }), ...(endsWith !== undefined && { endsWith }) };
}

function batchOf({ batchEvents, batchDelay, batchBytes }: EndpointOptions): BatchInput {
  return {
    ...(batchEvents !== undefined && { maxEvents: batchEvents }),
    ...(batchDelay !== undefined && { maxDelayMs: batchDelay }),
    ...(batchBytes !== undefined && { maxBytes: batchBytes }),
  };
}

/** The headers that `--header` gives. Throws a UsageError for one that is none. */
export function headersOf(texts: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':');
      if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()] as const;
      throw new UsageError(`--header: expected 'NAME: VALUE', got '${text}'`);
    }),
  );
}
