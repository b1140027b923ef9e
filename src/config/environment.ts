import { unknownName } from './validate.ts';

/** Environment variables by name, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The variables that set something, and what they set. */
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
  /** Where commands find a running server. */
  url: 'SOKETIFY_URL',
  /** Read where the native module is loaded. */
  nativeSha256: 'SOKETIFY_NATIVE_SHA256',
} as const;

/** The value of a variable; an empty one counts as unset. */
export function readVariable(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** Whether the program serves real users, so that what is fit only for development is refused. */
export function isProduction(env: Env): boolean {
  return env['NODE_ENV'] === 'production';
}

/** One warning for each variable of ours that is set but sets nothing. */
export function unknownVariables(env: Env): readonly string[] {
  const known: readonly string[] = Object.values(variables);
  return Object.keys(env)
    .filter((name) => name.startsWith('SOKETIFY_') && !known.includes(name))
    .filter((name) => readVariable(env, name) !== undefined)
    .map((name) => unknownName('variable', name, known));
}
