import { quote } from './checks/fault.ts';
import { unknownName } from './validate.ts';

/** Environment variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The environment variables, by what they set. */
export const variables = {
  appId: 'SOKETIFY_APP_ID',
  appKey: 'SOKETIFY_APP_KEY',
  appSecret: 'SOKETIFY_APP_SECRET',
  appSecretFile: 'SOKETIFY_APP_SECRET_FILE',
  webhookUrl: 'SOKETIFY_WEBHOOK_URL',
  host: 'SOKETIFY_HOST',
  port: 'SOKETIFY_PORT',
  redisUrl: 'SOKETIFY_REDIS_URL',
  store: 'SOKETIFY_STORE',
  workers: 'SOKETIFY_WORKERS',
  logLevel: 'SOKETIFY_LOG_LEVEL',
  controlToken: 'SOKETIFY_CONTROL_TOKEN',
  dashboardToken: 'SOKETIFY_DASHBOARD_TOKEN',
  dashboardViewToken: 'SOKETIFY_DASHBOARD_VIEW_TOKEN',
  /** The URL at which commands find a running server. */
  url: 'SOKETIFY_URL',
  /** Read when the native module is loaded. */
  nativeSha256: 'SOKETIFY_NATIVE_SHA256',
} as const;

/**
 * Returns the value of a variable; an empty one counts as unset, and so does one that Kubernetes has set. Line breaks at the end
 * do not belong to it: secrets of Kubernetes often have one, and no signature would match a secret with it.
 */
export function readVariable(env: Env, name: string): string | undefined {
  const value = env[name]?.replace(/[\r\n]+$/, '') ?? '';
  return value === '' || describesService(name, value) ? undefined : value;
}

/** The names of the variables by which Kubernetes describes a Service, without its name and an underscore. */
const ofService = /_(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/**
 * Whether a variable describes a Service. Kubernetes gives each pod such variables for all Services of its namespace. For one
 * that is called `soketify` it sets `SOKETIFY_PORT`, among others, to a text such as `tcp://10.0.0.1:6001`.
 */
function describesService(name: string, value: string): boolean {
  return ofService.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value));
}

/** Whether the server runs in production, where settings that are only for development are refused. */
export function isProduction(env: Env): boolean {
  return env['NODE_ENV'] === 'production';
}

/** Returns a warning if NODE_ENV seems to mean production, but is another word. */
export function misspelledProduction(env: Env): readonly string[] {
  const { NODE_ENV: mode = '' } = env;
  if (isProduction(env) || !/^\s*(prod|production|live)\s*$/i.test(mode)) return [];
  return [
    `NODE_ENV is ${quote(mode)}, so the rules for production do not apply. Set it to "production" if they should`,
  ];
}

/** Returns a warning for each `SOKETIFY_*` variable that is set but unknown. */
export function unknownVariables(env: Env): readonly string[] {
  const known: readonly string[] = Object.values(variables);
  return Object.keys(env)
    .filter((name) => name.startsWith('SOKETIFY_') && !known.includes(name))
    .filter((name) => readVariable(env, name) !== undefined)
    .map((name) => unknownName('variable', name, known));
}
