import { resolve } from 'node:path';
import { expect } from 'vitest';
import type { ConfigFault } from '../../../src/config/checks/fault.ts';
import { loadConfig, type ConfigSources } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema/schema.ts';

/** What a test says of the sources: `content` stands for the file, as text or as the value of its JSON. */
export interface Given extends Partial<Omit<ConfigSources, 'readFile'>> {
  readonly content?: unknown;
  /** The other files there are, by path. */
  readonly others?: Readonly<Record<string, string>>;
}

export const app = { id: '1', key: 'a-key', secret: 'a-secret' };

/** Its owner alone may read the file, unless a test says otherwise. */
const ownersAlone = (): number => 0o100600;

/** Loads a configuration without touching a disk. */
export function load(given: Given = {}) {
  const {
    content,
    file = 'soketify.json',
    others = {},
    env = {},
    overrides = {},
    modeOf = ownersAlone,
  } = given;
  const texts = new Map(Object.entries(others).map(([path, text]) => [resolve(path), text]));
  const readFile = (path: string): string => texts.get(path) ?? noSuchFile();
  if (content === undefined) return loadConfig({ env, overrides, readFile, modeOf });
  texts.set(resolve(file), typeof content === 'string' ? content : JSON.stringify(content));
  return loadConfig({ file, env, overrides, readFile, modeOf });
}

/** What reading a file throws that does not exist. */
export function noSuchFile(): never {
  throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
}

/** The configuration; the test fails with the faults when there is none. */
export function configOf(given: Given = {}): Config {
  const loaded = load(given);
  if (loaded.kind === 'invalid') throw new Error(`expected no fault: ${JSON.stringify(loaded.faults)}`);
  return loaded.config;
}

/** The warnings; the test fails with the faults when there are some. */
export function warningsOf(given: Given = {}): readonly string[] {
  const loaded = load(given);
  if (loaded.kind === 'invalid') throw new Error(`expected no fault: ${JSON.stringify(loaded.faults)}`);
  return loaded.warnings;
}

/** The faults as lines of "path: message"; the test fails when there is none. */
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
