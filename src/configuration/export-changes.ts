import { holdsSecret } from '../config/checks/exposure.ts';
import type { JsonObject } from '../config/json.ts';
import type { AppConfig, EndpointConfig } from '../config/schema/schema.ts';
import { writeApp, writeEndpoint } from '../config/write-app.ts';
import type { RunTimeChanges } from './run-time-changes.ts';

/** Replaces the secret in a header. A configuration file that contains it is refused. */
const placeholder = 'REPLACE-ME';

/**
 * Exports the changes at run time in the format of the configuration file, without secrets: each pair names a file for its
 * secret, and headers with a secret have a placeholder. Unless headers may be shown, all of them have it. An app of the file
 * appears with its id and its additional endpoints.
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
