import { resolve } from 'node:path';
import { defaultApp } from './default-app.ts';
import { readVariable, variables, type Env } from './environment.ts';
import { formatPath, type ConfigFault, type Path } from './checks/fault.ts';
import { fieldOf, type JsonObject } from './json.ts';
import { isObject } from '../protocol/json-value.ts';

/** The settings of the command line, which have priority over all others. */
export interface Overrides {
  readonly host?: string | undefined;
  readonly port?: string | number | undefined;
  /** The folder of the store. */
  readonly store?: string | undefined;
  /** The number of threads that serve clients, or `auto`. */
  readonly workers?: string | undefined;
  /** Whether to serve the control API, even if the file does not enable it; a text names its clock. */
  readonly control?: boolean | string | undefined;
}

/** The user's configuration from all sources, not yet validated. */
export interface Layered {
  readonly input: JsonObject;
  /** The variable or option that set a path, for paths that the file did not set. */
  readonly origins: ReadonlyMap<string, string>;
  /** The paths whose value in the file is overridden, and by what. */
  readonly overridden: ReadonlyMap<string, Overriding>;
  readonly faults: readonly ConfigFault[];
  /** Whether the app is the default app, whose secret is public. */
  readonly hasDefaultSecret: boolean;
}

/** What overrides a value of the file: a variable or an option, and its value. */
export interface Overriding {
  readonly path: Path;
  readonly inFile: unknown;
  readonly origin: string;
  /** Undefined if it replaces several keys of the file. */
  readonly value: unknown;
}

/** Combines the sources: the command line overrides the environment, which overrides the file. `file` is undefined if there is none. */
export function layer(file: JsonObject | undefined, env: Env, overrides: Overrides): Layered {
  const origins = new Map<string, string>();
  const overridden = new Map<string, Overriding>();
  const override = (path: Path, inFile: unknown, origin: string, value: unknown): void => {
    if (inFile !== undefined) overridden.set(formatPath(path), { path, inFile, origin, value });
  };
  const faults: ConfigFault[] = [...twoSecrets(env)];
  const input: JsonObject = { ...file };
  const set = (key: string, value: unknown, origin: string): void => {
    if (value === undefined) return;
    override([key], fieldOf(file, key), origin, value);
    input[key] = value;
    origins.set(key, origin);
  };
  /** Replaces the folder in the file, and keeps the rest. It is relative to the working directory. */
  const setStore = (folder: string | undefined, origin: string): void => {
    if (folder === undefined) return;
    const path = folder === '' ? folder : resolve(folder);
    override(['store', 'path'], fieldOf(fieldOf(file, 'store'), 'path'), origin, path);
    input['store'] = { ...(isObject(input['store']) && input['store']), path };
    origins.set('store', origin);
    origins.set('store.path', origin);
  };
  set('host', readVariable(env, variables.host), variables.host);
  set('port', toPort(readVariable(env, variables.port)), variables.port);
  set('workers', toPort(readVariable(env, variables.workers)), variables.workers);
  set('logLevel', readVariable(env, variables.logLevel), variables.logLevel);
  const redisUrl = readVariable(env, variables.redisUrl);
  if (redisUrl !== undefined) {
    // It replaces the location of Redis in the file, and keeps the rest.
    const given = input['redis'];
    const { url, urlFile, sentinel, cluster, ...rest } = isObject(given) ? given : {};
    for (const [key, inFile] of Object.entries({ url, urlFile, sentinel, cluster })) {
      override(['redis', key], inFile, variables.redisUrl, key === 'url' ? redisUrl : undefined);
    }
    input['redis'] = { ...rest, url: redisUrl };
    origins.set('redis.url', variables.redisUrl);
  }
  setStore(readVariable(env, variables.store), variables.store);
  const token = readVariable(env, variables.controlToken);
  if (token !== undefined) {
    override(['control', 'token'], fieldOf(input['control'], 'token'), variables.controlToken, token);
    input['control'] = { ...(isObject(input['control']) && input['control']), token };
    origins.set('control.token', variables.controlToken);
  }
  /** Replaces the token and its file, and enables the Dashboard even if the file disables it. */
  const setDashboardToken = (key: 'token' | 'viewToken', origin: string): void => {
    const value = readVariable(env, origin);
    if (value === undefined) return;
    const given = input['dashboard'];
    if (given === false) override(['dashboard'], given, origin, undefined);
    override(['dashboard', key], fieldOf(given, key), origin, value);
    override(['dashboard', `${key}File`], fieldOf(given, `${key}File`), origin, undefined);
    const { [`${key}File`]: _, ...rest } = isObject(given) ? given : {};
    input['dashboard'] = { ...rest, [key]: value };
    origins.set(`dashboard.${key}`, origin);
  };
  setDashboardToken('token', variables.dashboardToken);
  setDashboardToken('viewToken', variables.dashboardViewToken);
  const { control } = overrides;
  if (typeof control === 'string') {
    override(['control', 'clock'], fieldOf(input['control'], 'clock'), '--control', control);
    input['control'] = { ...(isObject(input['control']) && input['control']), clock: control };
    origins.set('control', '--control');
    origins.set('control.clock', '--control');
  } else if (control === true && !isObject(input['control'])) {
    input['control'] = true;
    origins.set('control', '--control');
  }
  set('host', overrides.host, '--host');
  set('port', toPort(overrides.port), '--port');
  set('workers', toPort(overrides.workers), '--workers');
  setStore(overrides.store, '--store');

  const apps = file?.['apps'];
  const hasNoApp = apps === undefined || (Array.isArray(apps) && apps.length === 0);
  const isDefaultApp = hasNoApp && (file === undefined || definesApp(env));
  if (isDefaultApp) input['apps'] = [applyToApp(defaultApp, env, origins)];
  else if (Array.isArray(apps) && apps.length === 1 && isObject(apps[0])) {
    const effective = applyToApp(apps[0], env, origins);
    input['apps'] = [effective];
    for (const [key, inFile] of Object.entries(apps[0])) {
      const origin = origins.get(formatPath(['apps', 0, key]));
      if (origin !== undefined) override(['apps', 0, key], inFile, origin, effective[key]);
    }
  } else if (Array.isArray(apps) && apps.length > 1) faults.push(...ambiguous(apps.length, env));
  const hasDefaultSecret = isDefaultApp && secretOfEnvironment(env) === undefined;
  return { input, origins, overridden, faults, hasDefaultSecret };
}

/** The variables that configure the single app. */
const appVariables: readonly string[] = [
  variables.appId,
  variables.appKey,
  variables.appSecret,
  variables.appSecretFile,
  variables.webhookUrl,
];

function definesApp(env: Env): boolean {
  return appVariables.some((name) => readVariable(env, name) !== undefined);
}

/** Returns the app with the values of the environment, and notes the origins of these fields. */
function applyToApp(app: JsonObject, env: Env, origins: Map<string, string>): JsonObject {
  const result: JsonObject = { ...app };
  const set = (key: string, value: string | undefined, origin: string): void => {
    if (value === undefined) return;
    result[key] = value;
    origins.set(formatPath(['apps', 0, key]), origin);
  };
  set('id', readVariable(env, variables.appId), variables.appId);
  set('key', readVariable(env, variables.appKey), variables.appKey);
  const secret = secretOfEnvironment(env);
  if (secret !== undefined) {
    for (const key of ['secret', 'secretFile']) {
      delete result[key];
      origins.set(formatPath(['apps', 0, key]), secret.origin);
    }
    set(secret.key, secret.value, secret.origin);
  }
  const url = readVariable(env, variables.webhookUrl);
  const webhooks = app['webhooks'] === undefined ? [] : app['webhooks'];
  if (url !== undefined && Array.isArray(webhooks)) {
    result['webhooks'] = [...webhooks, { url }];
    origins.set(formatPath(['apps', 0, 'webhooks', webhooks.length, 'url']), variables.webhookUrl);
  }
  return result;
}

/** The secret or secret file in the environment. Either replaces both keys of the app. */
function secretOfEnvironment(env: Env) {
  const value = readVariable(env, variables.appSecret);
  if (value !== undefined) return { key: 'secret', value, origin: variables.appSecret };
  const file = readVariable(env, variables.appSecretFile);
  if (file === undefined) return undefined;
  // Unlike a name in the file, it is relative to the working directory.
  return { key: 'secretFile', value: resolve(file), origin: variables.appSecretFile };
}

function twoSecrets(env: Env): readonly ConfigFault[] {
  const names = [variables.appSecret, variables.appSecretFile];
  if (names.some((name) => readVariable(env, name) === undefined)) return [];
  const message = `is set together with ${variables.appSecret}; set only one of them`;
  return [{ path: variables.appSecretFile, message }];
}

function ambiguous(count: number, env: Env): readonly ConfigFault[] {
  return appVariables
    .filter((name) => readVariable(env, name) !== undefined)
    .map((path) => ({
      path,
      message: `applies to a single app, but the file has ${count} apps; unset it and set the value in the file`,
    }));
}

/** Converts digits to a number. The schema refuses everything else. */
function toPort(value: string | number | undefined): string | number | undefined {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value;
}
