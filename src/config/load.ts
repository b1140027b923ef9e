import { readFileSync } from 'node:fs';
import { isProduction, unknownVariables, type Env } from './environment.ts';
import { describeKind, quote, type ConfigFault } from './fault.ts';
import { findSyntaxFault } from './json-syntax.ts';
import { isObject, type JsonObject } from './json.ts';
import { defaultApp, layer, type Overrides } from './layers.ts';
import { defaultSecretFaults, isLoopback, relationFaults } from './relations.ts';
import { resolve } from './resolve.ts';
import type { Config } from './schema.ts';
import { validate } from './validate.ts';

/** Where the configuration comes from. Precedence: overrides, then env, then the file, then the defaults. */
export interface ConfigSources {
  readonly file?: string | undefined;
  readonly env: Env;
  readonly overrides: Overrides;
  /** Reads a file as UTF-8; throws when it cannot. Default: from the disk. */
  readonly readFile?: (path: string) => string;
}

/** The configuration, or everything that is wrong with it. */
export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** Loads the configuration. It never throws for what the user got wrong: that is in the faults, all of it. */
export function loadConfig({ file, env, overrides, readFile = readUtf8 }: ConfigSources): LoadedConfig {
  const source = file === undefined ? undefined : readSource(file, readFile);
  const content = source?.kind === 'read' ? source.content : undefined;
  const { input, origins, faults, hasDefaultSecret } = layer(content, env, overrides);
  const production = isProduction(env);
  const validated = validate(input);
  const found = [
    ...faults,
    ...(validated.kind === 'invalid' ? validated.faults : []),
    ...relationFaults(input, production),
    // Of a file that cannot be read nobody knows whether it has a secret.
    ...(hasDefaultSecret && source?.kind !== 'faulty' ? defaultSecretFaults(input, production) : []),
  ].map(({ path, message }) => ({ path: origins.get(path) ?? path, message }));

  if (source?.kind === 'faulty') return { kind: 'invalid', faults: [source.fault, ...found] };
  if (validated.kind === 'invalid' || found.length > 0) return { kind: 'invalid', faults: found };
  const config = resolve(validated.config);
  return { kind: 'ok', config, warnings: [...unknownVariables(env), ...wellKnownSecrets(config)] };
}

function wellKnownSecrets({ host, apps }: Config): readonly string[] {
  if (isLoopback(host)) return [];
  return apps
    .filter((app) => app.secret === defaultApp.secret)
    .map(
      (app) => `the secret of app ${quote(app.id)} is the default one, which everybody knows; set another`,
    );
}

type Source =
  | { readonly kind: 'read'; readonly content: JsonObject }
  | { readonly kind: 'faulty'; readonly fault: ConfigFault };

function readSource(file: string, readFile: (path: string) => string): Source {
  const faulty = (message: string): Source => ({
    kind: 'faulty',
    fault: { path: file === '' ? '--config' : file, message },
  });
  let text: string;
  try {
    // Some editors put a byte order mark first; JSON.parse refuses it.
    text = readFile(file).replace(/^\ufeff/, '');
  } catch (error) {
    return faulty(`cannot be read: ${reasonOf(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message gives no position and quotes the file, secrets included.
    return faulty(`not valid JSON ${describeSyntax(text)}`);
  }
  if (!isObject(content)) return faulty(`expected an object, got ${describeKind(content)}`);
  return { kind: 'read', content };
}

function describeSyntax(text: string): string {
  const fault = findSyntaxFault(text);
  if (fault === undefined) return 'for an unknown reason';
  return `at line ${fault.line}, column ${fault.column}: ${fault.problem}`;
}

const readReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const reason = Object.hasOwn(readReasons, code) ? readReasons[code] : undefined;
  return reason === undefined ? code : `${reason} (${code})`;
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}
