import { writeLimits } from '../protocol/limits.ts';
import type { JsonObject } from './json.ts';
import type { AppConfig, EndpointConfig } from './schema/schema.ts';

/** An app as a configuration file has it, secrets included. */
export function writeApp({ isSetAtRunTime: _origin, limits, webhooks, ...app }: AppConfig): JsonObject {
  return { ...app, limits: writeLimits(limits), webhooks: webhooks.map(writeEndpoint) };
}

/** An endpoint as a configuration file has it. */
export function writeEndpoint({
  isSetAtRunTime: _origin,
  pause: _pause,
  allowInsecure,
  ...endpoint
}: EndpointConfig): JsonObject {
  return { ...endpoint, ...(allowInsecure && { allowInsecure }) };
}
