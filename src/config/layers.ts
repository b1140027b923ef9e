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
  const layers = new Layers(file);
  setFromEnvironment(layers, env);
  setFromCommandLine(layers, overrides);
  const apps = file?.['apps'];
  const hasNoApp = apps === undefined || (Array.isArray(apps) && apps.length === 0);
  const isDefaultApp = hasNoApp && (file === undefined || definesApp(env));
  const faults: ConfigFault[] = [...twoSecrets(env)];
  if (isDefaultApp) layers.input['apps'] = [applyToApp(defaultApp, env, layers.origins)];
  else if (Array.isArray(apps) && apps.length === 1 && isObject(apps[0])) overrideApp(layers, apps[0], env);
  else if (Array.isArray(apps) && apps.length > 1) faults.push(...ambiguous(apps.length, env));
  const { input, origins, overridden } = layers;
  const hasDefaultSecret = isDefaultApp && secretOfEnvironment(env) === undefined;
  return { input, origins, overridden, faults, hasDefaultSecret };
}

/** The configuration while its sources are combined. */
class Layers {
  readonly input: JsonObject;
  readonly origins = new Map<string, string>();
  readonly overridden = new Map<string, Overriding>();
  readonly #file: JsonObject | undefined;

  constructor(file: JsonObject | undefined) {
    this.input = { ...file };
    this.#file = file;
  }

  /** Notes that a value of the file is overridden, if there is one. */
  override(path: Path, inFile: unknown, origin: string, value: unknown): void {
    if (inFile !== undefined) this.overridden.set(formatPath(path), { path, inFile, origin, value });
  }

  /** Sets a key, if there is a value. */
  set(key: string, value: unknown, origin: string): void {
    if (value === undefined) return;
    this.override([key], fieldOf(this.#file, key), origin, value);
    this.input[key] = value;
    this.origins.set(key, origin);
  }

  /** Sets a field of the object at a key, and keeps the other fields. */
  setField([key, field]: readonly [string, string], value: unknown, origin: string): void {
    const object = this.input[key];
    this.override([key, field], fieldOf(fieldOf(this.#file, key), field), origin, value);
    this.input[key] = { ...(isObject(object) && object), [field]: value };
    this.origins.set(`${key}.${field}`, origin);
  }

  /** Sets the folder of the store, which is relative to the working directory. */
  setStore(folder: string | undefined, origin: string): void {
    if (folder === undefined) return;
    this.setField(['store', 'path'], folder === '' ? folder : resolve(folder), origin);
    this.origins.set('store', origin);
  }

  /** Replaces the location of Redis, and keeps the rest. */
  setRedis(url: string, origin: string): void {
    const given = this.input['redis'];
    const { url: urlInFile, urlFile, sentinel, cluster, ...rest } = isObject(given) ? given : {};
    for (const [key, inFile] of Object.entries({ url: urlInFile, urlFile, sentinel, cluster })) {
      this.override(['redis', key], inFile, origin, key === 'url' ? url : undefined);
    }
    this.input['redis'] = { ...rest, url };
    this.origins.set('redis.url', origin);
  }

  /** Replaces a token of the Dashboard and its file, and enables the Dashboard even if the file disables it. */
  setDashboardToken(key: 'token' | 'viewToken', value: string, origin: string): void {
    const given = this.input['dashboard'];
    if (given === false) this.override(['dashboard'], given, origin, undefined);
    this.override(['dashboard', key], fieldOf(given, key), origin, value);
    this.override(['dashboard', `${key}File`], fieldOf(given, `${key}File`), origin, undefined);
    const { [`${key}File`]: _, ...rest } = isObject(given) ? given : {};
    this.input['dashboard'] = { ...rest, [key]: value };
    this.origins.set(`dashboard.${key}`, origin);
  }
}

function setFromEnvironment(layers: Layers, env: Env): void {
  const { host, port, workers, logLevel, redisUrl, store, controlToken } = variables;
  layers.set('host', readVariable(env, host), host);
  layers.set('port', numberIfDigits(readVariable(env, port)), port);
  layers.set('workers', numberIfDigits(readVariable(env, workers)), workers);
  layers.set('logLevel', readVariable(env, logLevel), logLevel);
  const url = readVariable(env, redisUrl);
  if (url !== undefined) layers.setRedis(url, redisUrl);
  layers.setStore(readVariable(env, store), store);
  const token = readVariable(env, controlToken);
  if (token !== undefined) layers.setField(['control', 'token'], token, controlToken);
  for (const [key, name] of [
    ['token', variables.dashboardToken],
    ['viewToken', variables.dashboardViewToken],
  ] as const) {
    const value = readVariable(env, name);
    if (value !== undefined) layers.setDashboardToken(key, value, name);
  }
}

function setFromCommandLine(layers: Layers, { host, port, workers, store, control }: Overrides): void {
  layers.set('host', host, '--host');
  layers.set('port', numberIfDigits(port), '--port');
  layers.set('workers', numberIfDigits(workers), '--workers');
  layers.setStore(store, '--store');
  if (typeof control === 'string') {
    layers.setField(['control', 'clock'], control, '--control');
    layers.origins.set('control', '--control');
  } else if (control === true && !isObject(layers.input['control'])) {
    layers.input['control'] = true;
    layers.origins.set('control', '--control');
  }
}

/** Applies the environment to the only app of the file. */
function overrideApp(layers: Layers, app: JsonObject, env: Env): void {
  const effective = applyToApp(app, env, layers.origins);
  layers.input['apps'] = [effective];
  for (const [key, inFile] of Object.entries(app)) {
    const origin = layers.origins.get(formatPath(['apps', 0, key]));
    if (origin !== undefined) layers.override(['apps', 0, key], inFile, origin, effective[key]);
  }
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
function numberIfDigits(value: string | number | undefined): string | number | undefined {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value;
}
