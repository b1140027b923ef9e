import { expect } from 'vitest';
import type { ConfigFault } from '../../../src/config/fault.ts';
import { loadConfig, type ConfigSources } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';

/** What a test says of the sources: `content` stands for the file, as text or as the value of its JSON. */
export interface Given extends Partial<Omit<ConfigSources, 'file' | 'readFile'>> {
  readonly content?: unknown;
}

export const app = { id: '1', key: 'a-key', secret: 'a-secret' };

/** Loads a configuration without touching a disk. */
export function load(given: Given = {}) {
  const { content, env = {}, overrides = {} } = given;
  if (content === undefined) return loadConfig({ env, overrides });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return loadConfig({ file: 'soketify.json', env, overrides, readFile: () => text });
}

/** The configuration; the test fails with the faults when there is none. */
export function configOf(given: Given = {}): Config {
  const loaded = load(given);
  if (loaded.kind === 'invalid') throw new Error(`expected no fault: ${JSON.stringify(loaded.faults)}`);
  return loaded.config;
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
