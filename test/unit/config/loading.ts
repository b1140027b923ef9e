import { resolve } from 'node:path';
import { expect } from 'vitest';
import type { ConfigFault } from '../../../src/config/checks/fault.ts';
import { loadConfig, type ConfigSources } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema/schema.ts';

/** The sources of a test. `content` is the content of the file, as text or as the value of its JSON. */
export interface Given extends Partial<Omit<ConfigSources, 'readFile'>> {
  readonly content?: unknown;
  /** Other files, by path. */
  readonly others?: Readonly<Record<string, string>>;
}

export const app = { id: '1', key: 'a-key', secret: 'a-secret' };

/** By default, only its owner may read the file. */
const onlyOwner = (): number => 0o100600;

/** Loads a configuration without touching a disk. */
export function load(given: Given = {}) {
  const {
    content,
    file = 'soketify.json',
    others = {},
    env = {},
    overrides = {},
    modeOf = onlyOwner,
  } = given;
  const texts = new Map(Object.entries(others).map(([path, text]) => [resolve(path), text]));
  const readFile = (path: string): string => texts.get(path) ?? noSuchFile();
  if (content === undefined) return loadConfig({ env, overrides, readFile, modeOf });
  texts.set(resolve(file), typeof content === 'string' ? content : JSON.stringify(content));
  return loadConfig({ file, env, overrides, readFile, modeOf });
}

/** Throws what reading a missing file throws. */
export function noSuchFile(): never {
  throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
}

/** The configuration. The test fails with the faults if there is none. */
export function configOf(given: Given = {}): Config {
  const loaded = load(given);
  if (loaded.kind === 'invalid') throw new Error(`expected no fault: ${JSON.stringify(loaded.faults)}`);
  return loaded.config;
}

/** The warnings. The test fails with the faults if there are any. */
export function warningsOf(given: Given = {}): readonly string[] {
  const loaded = load(given);
  if (loaded.kind === 'invalid') throw new Error(`expected no fault: ${JSON.stringify(loaded.faults)}`);
  return loaded.warnings;
}

/** The faults as lines of "path: message". The test fails if there are none. */
export function faultsOf(given: Given = {}): readonly string[] {
  const loaded = load(given);
  expect(loaded.kind).toBe('invalid');
  return loaded.kind === 'ok' ? [] : loaded.faults.map(line);
}

function line({ path, message }: ConfigFault): string {
  return `${path}: ${message}`;
}

/** A file with one app that has these webhooks. */
export function withWebhooks(...webhooks: readonly unknown[]) {
  return { apps: [{ ...app, webhooks }] };
}
