import { holdsSecret } from '../config/exposure.ts';
import type { JsonObject } from '../config/json.ts';
import type { AppConfig, EndpointConfig } from '../config/schema.ts';
import { writeApp, writeEndpoint } from '../config/write-app.ts';
import type { RunTimeChanges } from './run-time-changes.ts';

/** What stands in the place of a header's secret; a configuration file with it is refused. */
const placeholder = 'REPLACE-ME';

/**
 * What was set at run time as a configuration file has it, without secrets: each pair names a file for its secret, and headers
 * that hold one a placeholder; so do all headers unless they may be shown. An app that the file has is there with its id and the endpoints that it has besides.
 */
export function exportChanges(
  { added, endpoints }: RunTimeChanges,
  showsHeaders: boolean,
): { readonly apps: readonly JsonObject[] } {
  const ids = new Set([...added.map(({ id }) => id), ...endpoints.map(({ appId }) => appId)]);
  return {
    apps: [...ids].map((id) => {
      const app = added.find((one) => one.id === id);
      const webhooks = endpoints
        .filter(({ appId }) => appId === id)
        .map(({ endpoint }) => writeWithoutSecrets(endpoint, showsHeaders));
      return app === undefined ? { id, webhooks } : { ...writeAppWithoutSecrets(app), webhooks };
    }),
  };
}

function writeAppWithoutSecrets(app: AppConfig): JsonObject {
  const { secret: _secret, ...written } = writeApp(app);
  return {
    ...written,
    secretFile: fileOf(app.key),
    otherKeys: app.otherKeys.map(({ key }) => ({ key, secretFile: fileOf(key) })),
  };
}

function writeWithoutSecrets(endpoint: EndpointConfig, showsHeaders: boolean): JsonObject {
  const headers = Object.entries(endpoint.headers).map(([name, value]) => [
    name,
    !showsHeaders || holdsSecret(name) ? placeholder : value,
  ]);
  return { ...writeEndpoint(endpoint), headers: Object.fromEntries(headers) };
}

function fileOf(key: string): string {
  return `${key}.secret`;
}
