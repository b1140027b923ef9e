import { defaultApp } from '../config/default-app.ts';
import { readVariable, variables, type Env } from '../config/environment.ts';
import { Files } from '../config/files.ts';
import { readSecret } from '../config/checks/secrets.ts';
import { UsageError } from './command.ts';

/** The app options of the command line. */
export interface AppOptions {
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
}

/** The app of a command: from the command line, else from the environment, else the default app. */
export function readApp(
  options: AppOptions,
  env: Env,
): { readonly id: string; readonly key: string; readonly secret: string } {
  // A shell puts an empty text in place of a variable that is not set.
  if (options.secret === '')
    throw new UsageError('--secret is empty; give the secret of the app, or leave it out');
  return {
    id: options.appId ?? readVariable(env, variables.appId) ?? defaultApp.id,
    key: options.key ?? readVariable(env, variables.appKey) ?? defaultApp.key,
    secret: options.secret ?? secretOfEnvironment(env) ?? defaultApp.secret,
  };
}

/** The endpoint of a command: of the command line, else of the environment. */
export function readEndpointUrl({ url }: { readonly url?: URL }, env: Env): URL {
  if (url !== undefined) return url;
  const text = readVariable(env, variables.webhookUrl);
  if (text === undefined)
    throw new UsageError(`expected --url, or ${variables.webhookUrl} in the environment`);
  if (!URL.canParse(text)) throw new UsageError(`${variables.webhookUrl}: expected an http or https URL`);
  return new URL(text);
}

function secretOfEnvironment(env: Env): string | undefined {
  const secret = readVariable(env, variables.appSecret);
  if (secret !== undefined) return secret;
  const file = readVariable(env, variables.appSecretFile);
  if (file === undefined) return undefined;
  const files = new Files(process.cwd());
  const content = readSecret(file, files);
  if (content.kind === 'read') return content.text;
  throw new UsageError(`${variables.appSecretFile}: ${files.quote(file)} ${content.reason}`);
}
