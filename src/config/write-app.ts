import { writeLimits } from '../protocol/limits.ts';
import type { JsonObject } from './json.ts';
import type { AppConfig, EndpointConfig } from './schema/schema.ts';

/** Converts an app to the format of a configuration file, including secrets. */
export function writeApp({ isSetAtRunTime: _origin, limits, webhooks, ...app }: AppConfig): JsonObject {
  return { ...app, limits: writeLimits(limits), webhooks: webhooks.map(writeEndpoint) };
}

/** Converts an endpoint to the format of a configuration file. */
export function writeEndpoint({
  isSetAtRunTime: _origin,
  pause: _pause,
  allowInsecure,
  ...endpoint
}: EndpointConfig): JsonObject {
  return { ...endpoint, ...(allowInsecure && { allowInsecure }) };
}
