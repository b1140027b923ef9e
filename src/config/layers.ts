import { readVariable, variables, type Env } from './environment.ts';
import { formatPath, type ConfigFault } from './fault.ts';
import { isObject, type JsonObject } from './json.ts';

/** What the command line says; it wins over everything else. */
export interface Overrides {
  readonly host?: string | undefined;
  readonly port?: string | number | undefined;
}

/** The configuration as the user gave it, whatever it came from, and not yet validated. */
export interface Layered {
  readonly input: JsonObject;
  /** The variable or option that a path came from, where it did not come from the file. */
  readonly origins: ReadonlyMap<string, string>;
  readonly faults: readonly ConfigFault[];
  /** The app is the one that everybody knows, secret included. */
  readonly hasDefaultSecret: boolean;
}

/** The app that is served when none is configured. */
export const defaultApp = { id: '1', key: 'app-key', secret: 'app-secret' } as const;

/** Lays the command line over the environment over the file; `file` is undefined when there is none. */
export function layer(file: JsonObject | undefined, env: Env, overrides: Overrides): Layered {
  const origins = new Map<string, string>();
  const faults: ConfigFault[] = [];
  const input: JsonObject = { ...file };
  const set = (key: string, value: unknown, origin: string): void => {
    if (value === undefined) return;
    input[key] = value;
    origins.set(key, origin);
  };
  set('host', readVariable(env, variables.host), variables.host);
  set('port', toPort(readVariable(env, variables.port)), variables.port);
  set('logLevel', readVariable(env, variables.logLevel), variables.logLevel);
  set('host', overrides.host, '--host');
  set('port', toPort(overrides.port), '--port');

  const apps = file?.['apps'];
  const hasNoApp = apps === undefined || (Array.isArray(apps) && apps.length === 0);
  const isDefaultApp = hasNoApp && (file === undefined || definesApp(env));
  if (isDefaultApp) input['apps'] = [applyToApp(defaultApp, env, origins)];
  else if (Array.isArray(apps) && apps.length === 1 && isObject(apps[0])) {
    input['apps'] = [applyToApp(apps[0], env, origins)];
  } else if (Array.isArray(apps) && apps.length > 1) faults.push(...ambiguous(apps.length, env));
  const hasDefaultSecret = isDefaultApp && readVariable(env, variables.appSecret) === undefined;
  return { input, origins, faults, hasDefaultSecret };
}

function definesApp(env: Env): boolean {
  return [variables.appId, variables.appKey, variables.appSecret].some(
    (name) => readVariable(env, name) !== undefined,
  );
}

/** The app with what the environment says of it; notes which fields those are. */
function applyToApp(app: JsonObject, env: Env, origins: Map<string, string>): JsonObject {
  const result: JsonObject = { ...app };
  for (const [key, name] of [
    ['id', variables.appId],
    ['key', variables.appKey],
    ['secret', variables.appSecret],
  ] as const) {
    const value = readVariable(env, name);
    if (value === undefined) continue;
    result[key] = value;
    origins.set(formatPath(['apps', 0, key]), name);
  }
  const url = readVariable(env, variables.webhookUrl);
  const webhooks = app['webhooks'] === undefined ? [] : app['webhooks'];
  if (url !== undefined && Array.isArray(webhooks)) {
    result['webhooks'] = [...webhooks, { url }];
    origins.set(formatPath(['apps', 0, 'webhooks', webhooks.length, 'url']), variables.webhookUrl);
  }
  return result;
}

function ambiguous(count: number, env: Env): readonly ConfigFault[] {
  return [variables.appId, variables.appKey, variables.appSecret, variables.webhookUrl]
    .filter((name) => readVariable(env, name) !== undefined)
    .map((path) => ({
      path,
      message: `sets something of the single app, but the file has ${count} apps; unset it and say it in the file`,
    }));
}

/** Digits are a number; everything else is left for the schema to refuse. */
function toPort(value: string | number | undefined): string | number | undefined {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value;
}
