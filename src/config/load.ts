import { dirname, resolve as resolvePath } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { boundFaults } from './checks/bounds.ts';
import { dashboardFaults } from './schema/dashboard.ts';
import { isProduction, misspelledProduction, unknownVariables, type Env } from './environment.ts';
import { duplicateKeyFaults } from './checks/duplicate-keys.ts';
import { describeValue, formatPath, type ConfigFault } from './checks/fault.ts';
import { readableSecrets } from './checks/exposure.ts';
import { Files, type ModeOf, type ReadFile } from './files.ts';
import { describeSyntax } from './json-syntax.ts';
import type { JsonObject } from './json.ts';
import { isObject, kindOf } from '../protocol/json-value.ts';
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

/** The sources of the configuration. Precedence: overrides, env, the file, the defaults. */
export interface ConfigSources {
  readonly file?: string | undefined;
  /** The content to use instead of a file. */
  readonly given?: JsonObject | undefined;
  readonly env: Env;
  readonly overrides: Overrides;
  /** Reads a file as UTF-8. Throws if it cannot be read. Default: from the disk. */
  readonly readFile?: ReadFile;
  /** Returns the permissions of a file. Default: those on the disk. */
  readonly modeOf?: ModeOf;
}

/**
 * The configuration, or all its faults. `files` are the absolute paths of all known files that it depends on, including unreadable
 * ones: a change of any of them may change the result.
 */
export type LoadedConfig =
  | {
      readonly kind: 'ok';
      readonly config: Config;
      readonly warnings: readonly string[];
      /** One sentence for each value of the file that an environment variable or an option overrides. */
      readonly overridden: readonly string[];
      readonly files: readonly string[];
    }
  | {
      readonly kind: 'invalid';
      /** The name of the configuration file, as the user gave it. */
      readonly file: string | undefined;
      readonly faults: readonly ConfigFault[];
      readonly files: readonly string[];
    };

/** Loads the configuration. It does not throw for mistakes of the user; the result contains all of them as faults. */
export function loadConfig({ file, given, env, overrides, readFile, modeOf }: ConfigSources): LoadedConfig {
  // Without a configuration file, names are relative to the working directory.
  const folder = file === undefined ? resolvePath() : dirname(resolvePath(file));
  const files = new Files(folder, readFile, modeOf);
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
    // A test may use a secret such as "change-me".
    ...(given === undefined ? placeholderFaults(input, files) : []),
    // It is unknown whether an unreadable file contains a secret.
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
    ...misspelledProduction(env),
    ...warningsOf(config, production),
    ...(file === undefined ? [] : readableSecrets(content, resolvePath(file), files)),
    ...tls.warnings,
  ];
  const overridden = describeOverridden(layered);
  return { kind: 'ok', config, warnings, overridden, files: files.paths() };
}

/** Describes the values of the file that are overridden. Values that may be secret are not shown. */
function describeOverridden({ overridden }: Layered): readonly string[] {
  return [...overridden.values()].flatMap(({ path, inFile, origin, value }) => {
    if (isDeepStrictEqual(inFile, value)) return [];
    const name = `${formatPath(path)} of the configuration file is overridden by ${origin}`;
    if (value === undefined) return [name];
    const [used, unused] = [describeValue(value, path), describeValue(inFile, path)];
    return [used === unused ? name : `${name}: ${used} instead of ${unused}`];
  });
}

/** Returns the faults of overridden values in the file. They would appear once nothing overrides the values any more. */
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
    return faulty(describeSyntax(text));
  }
  if (!isObject(content)) return faulty(`expected an object, got ${kindOf(content)}`);
  return { kind: 'read', content, duplicates: duplicateKeyFaults(text) };
}
