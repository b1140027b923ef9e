import { dirname, resolve as resolvePath } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { boundFaults } from './checks/bounds.ts';
import { dashboardFaults } from './schema/dashboard.ts';
import { isProduction, unknownVariables, type Env } from './environment.ts';
import { duplicateKeyFaults } from './checks/duplicate-keys.ts';
import { describeKind, describeValue, formatPath, type ConfigFault } from './checks/fault.ts';
import { readableSecrets } from './checks/exposure.ts';
import { Files, type ModeOf, type ReadFile } from './files.ts';
import { findSyntaxFault } from './json-syntax.ts';
import { isObject, type JsonObject } from './json.ts';
import { layer, type Layered, type Overrides } from './layers.ts';
import { placeholderFaults } from './checks/placeholders.ts';
import { redisFaults } from './redis.ts';
import { defaultSecretFaults, relationFaults } from './checks/relations.ts';
import { resolve } from './resolve.ts';
import type { Config } from './schema/schema.ts';
import { secretFileFaults } from './checks/secrets.ts';
import { checkTls } from './checks/tls.ts';
import { validate } from './validate.ts';
import { warningsOf } from './checks/warnings.ts';

/** Where the configuration comes from. Precedence: overrides, then env, then the file, then the defaults. */
export interface ConfigSources {
  readonly file?: string | undefined;
  /** What would stand in the file, when there is none. */
  readonly given?: JsonObject | undefined;
  readonly env: Env;
  readonly overrides: Overrides;
  /** Reads a file as UTF-8; throws when it cannot. Default: from the disk. */
  readonly readFile?: ReadFile;
  /** The permissions of a file. Default: as on the disk. */
  readonly modeOf?: ModeOf;
}

/**
 * The configuration, or everything that is wrong with it. `files` are the absolute paths of all files that it
 * depends on, as far as they are known, the unreadable ones included: a change of one may change the outcome.
 */
export type LoadedConfig =
  | {
      readonly kind: 'ok';
      readonly config: Config;
      readonly warnings: readonly string[];
      /** What an environment variable or an option overrides of the file, a sentence each. */
      readonly overridden: readonly string[];
      readonly files: readonly string[];
    }
  | {
      readonly kind: 'invalid';
      /** The name of the configuration file, as it was given. */
      readonly file: string | undefined;
      readonly faults: readonly ConfigFault[];
      readonly files: readonly string[];
    };

/** Loads the configuration. It never throws for what the user got wrong: that is in the faults, all of it. */
export function loadConfig({ file, given, env, overrides, readFile, modeOf }: ConfigSources): LoadedConfig {
  const files = new Files(dirname(resolvePath(file ?? '')), readFile, modeOf);
  const source = file === undefined ? undefined : readSource(file, files);
  const content = source?.kind === 'read' ? source.content : given;
  const layered = layer(content, env, overrides);
  const { input, origins, hasDefaultSecret } = layered;
  const production = isProduction(env);
  const validated = validate(input);
  const tls = checkTls(input, files);
  const found = [
    ...layered.faults,
    ...(validated.kind === 'invalid' ? validated.faults : boundFaults(validated.config)),
    ...relationFaults(input, production),
    ...secretFileFaults(input, files),
    ...tls.faults,
    ...redisFaults(input, files),
    ...dashboardFaults(input, production, files),
    // A test that calls its secret "change-me" harms nobody.
    ...(given === undefined ? placeholderFaults(input, files) : []),
    // Of a file that cannot be read nobody knows whether it has a secret.
    ...(hasDefaultSecret && source?.kind !== 'faulty' ? defaultSecretFaults(input, production) : []),
  ].map(({ path, message }) => ({ path: origins.get(path) ?? path, message }));
  const faults = [
    ...(source?.kind === 'faulty' ? [source.fault] : []),
    ...(source?.kind === 'read' ? source.duplicates : []),
    ...found,
    ...overriddenFaults(content, layered),
  ];

  if (validated.kind === 'invalid' || faults.length > 0) {
    return { kind: 'invalid', file, faults, files: files.paths() };
  }
  const config = resolve(validated.config, files, production);
  const warnings = [
    ...unknownVariables(env),
    ...warningsOf(config, production),
    ...(file === undefined ? [] : readableSecrets(content, resolvePath(file), files)),
    ...tls.warnings,
  ];
  const overridden = describeOverridden(layered);
  return { kind: 'ok', config, warnings, overridden, files: files.paths() };
}

/** What is not as the file says. Values that may be secret are not shown. */
function describeOverridden({ overridden }: Layered): readonly string[] {
  return [...overridden.values()].flatMap(({ path, inFile, origin, value }) => {
    if (isDeepStrictEqual(inFile, value)) return [];
    const name = `${formatPath(path)} of the configuration file is overridden by ${origin}`;
    if (value === undefined) return [name];
    return [`${name}: ${describeValue(value, path)} instead of ${describeValue(inFile, path)}`];
  });
}

/** What is wrong with values of the file that something else goes over: it would come to light when that is gone. */
function overriddenFaults(content: unknown, { overridden }: Layered): readonly ConfigFault[] {
  if (overridden.size === 0) return [];
  const validated = validate(content);
  const schemaFaults = validated.kind === 'invalid' ? validated.faults : [];
  return [...schemaFaults, ...relationFaults(content, false)].filter(({ path }) => overridden.has(path));
}

type Source =
  | {
      readonly kind: 'read';
      readonly content: JsonObject;
      readonly duplicates: readonly ConfigFault[];
    }
  | { readonly kind: 'faulty'; readonly fault: ConfigFault };

function readSource(name: string, files: Files): Source {
  const faulty = (message: string): Source => ({
    kind: 'faulty',
    fault: { path: name === '' ? '--config' : name, message },
  });
  if (name === '') return faulty('expected the path of a file, got an empty string');
  const file = files.read(resolvePath(name));
  if (file.kind === 'faulty') return faulty(file.reason);
  // Some editors put a byte order mark first; JSON.parse refuses it.
  const text = file.text.replace(/^\ufeff/, '');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message gives no position and quotes the file, secrets included.
    return faulty(`not valid JSON ${describeSyntax(text)}`);
  }
  if (!isObject(content)) return faulty(`expected an object, got ${describeKind(content)}`);
  return { kind: 'read', content, duplicates: duplicateKeyFaults(text) };
}

function describeSyntax(text: string): string {
  const fault = findSyntaxFault(text);
  if (fault === undefined) return 'for an unknown reason';
  return `at line ${fault.line}, column ${fault.column}: ${fault.problem}`;
}
