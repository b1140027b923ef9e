import { writeLimits } from '../protocol/limits.ts';
import type { Env } from './environment.ts';
import type { ConfigFault } from './checks/fault.ts';
import { Files, readNoFile } from './files.ts';
import { fieldOf, itemsOf } from './json.ts';
import { isObject, kindOf } from '../protocol/json-value.ts';
import { loadConfig } from './load.ts';
import { placeholderFaults } from './checks/placeholders.ts';
import { endpointId } from './resolve.ts';
import type { AppConfig, Config, EndpointConfig } from './schema/schema.ts';
import { writeApp } from './write-app.ts';

/** The result of validating an input with the rules of a configuration file. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** The configuration and the environment of the server that receives the input. */
export interface ParseRules {
  readonly config: Pick<Config, 'maxBackpressureBytes' | 'limits' | 'redis'> & {
    readonly webhooks: Pick<Config['webhooks'], 'queueMaxBytes'>;
  };
  readonly env: Env;
}

/** The app that receives an endpoint, and the ids that are taken. */
export interface EndpointRules extends ParseRules {
  readonly app: AppConfig;
  readonly taken: ReadonlySet<string>;
}

/**
 * Parses apps with all rules of a configuration file. No file is read. Paths of faults begin with `apps[0]`.
 */
export function parseApps(
  apps: readonly unknown[],
  { config, env }: ParseRules,
): Parsed<readonly AppConfig[]> {
  const { maxBackpressureBytes, webhooks, limits, redis } = config;
  const loaded = loadConfig({
    given: {
      apps,
      limits: writeLimits(limits),
      // The bounds for all apps must also fit the limits of these apps.
      maxBackpressureBytes,
      webhooks: { queueMaxBytes: webhooks.queueMaxBytes },
      // The address does not matter here, but some settings exclude Redis.
      ...(redis && { redis: { url: 'redis://127.0.0.1' } }),
    },
    // The variables for the single app of a file do not apply to these apps.
    env: { NODE_ENV: env['NODE_ENV'] },
    overrides: {},
    readFile: readNoFile,
  });
  if (loaded.kind === 'invalid') return { kind: 'invalid', faults: loaded.faults };
  return { kind: 'ok', value: loaded.config.apps };
}

/** Parses an app for a running server. Paths of faults are relative to the input. */
export function parseApp(input: unknown, rules: ParseRules): Parsed<AppConfig> {
  if (!isObject(input))
    return invalid({ path: 'app', message: `expected an object such as { id: '2' }, got ${kindOf(input)}` });
  const own = [
    ...placeholderFaults({ apps: [input] }, new Files('', readNoFile)),
    ...itemsOf(fieldOf(input, 'webhooks')).flatMap((webhook, index) =>
      insecureFaults(webhook, `apps[0].webhooks[${index}].`),
    ),
  ];
  const parsed = parseApps([input], rules);
  const faults = [...own, ...(parsed.kind === 'invalid' ? parsed.faults : [])];
  const [app] = parsed.kind === 'ok' ? parsed.value : [];
  if (app === undefined || faults.length > 0) return invalid(...faults.map(relativeTo('apps[0]')));
  const webhooks = app.webhooks.map((webhook) => ({ ...webhook, isSetAtRunTime: true }));
  return { kind: 'ok', value: { ...app, webhooks, isSetAtRunTime: true } };
}

/**
 * Parses an endpoint for an app of a running server. A missing id is generated and differs from those that are taken; the caller
 * must check a given id. Paths of faults are relative to the input.
 */
export function parseEndpoint(
  input: unknown,
  { app, taken, ...rules }: EndpointRules,
): Parsed<EndpointConfig> {
  if (!isObject(input)) {
    return invalid({
      path: 'endpoint',
      message: `expected an object such as { url: 'http://127.0.0.1:9000/' }, got ${kindOf(input)}`,
    });
  }
  const place = 'apps[0].webhooks[0]';
  const parsed = parseApps([{ ...writeApp(app), webhooks: [input] }], rules);
  const faults = [
    ...placeholderFaults({ apps: [{ webhooks: [input] }] }, new Files('', readNoFile)),
    ...insecureFaults(input, `${place}.`),
    ...(parsed.kind === 'invalid' ? parsed.faults : []),
  ];
  const [endpoint] = parsed.kind === 'ok' ? (parsed.value[0]?.webhooks ?? []) : [];
  if (endpoint === undefined || faults.length > 0) {
    return invalid(...faults.map(relativeTo(place)).map(relativeTo('apps[0]')));
  }
  const id = input['id'] === undefined ? endpointId(endpoint, taken) : endpoint.id;
  return { kind: 'ok', value: { ...endpoint, id, isSetAtRunTime: true } };
}

function invalid(...faults: readonly ConfigFault[]): Parsed<never> {
  return { kind: 'invalid', faults };
}

/** Changes at run time must not weaken the requirements of the file. */
function insecureFaults(webhook: unknown, prefix: string): readonly ConfigFault[] {
  if (fieldOf(webhook, 'allowInsecure') === undefined) return [];
  const message = 'is not accepted at run time; leave it out, or set the endpoint in the configuration file';
  return [{ path: `${prefix}allowInsecure`, message }];
}

/** Returns a function that makes the path of a fault relative to `place`, also inside its message. */
export function relativeTo(place: string): (fault: ConfigFault) => ConfigFault {
  return ({ path, message }) => ({
    path: path.startsWith(place) ? path.slice(place.length).replace(/^\./, '') : path,
    message: message.replaceAll(`${place}.`, ''),
  });
}
