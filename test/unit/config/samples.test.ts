import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { jsonSchemaText } from '../../../src/config/schema/json-schema.ts';
import { loadConfig } from '../../../src/config/load.ts';

const folder = fileURLToPath(new URL('../../../config/', import.meta.url));
const samples = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'schema.json');

const fixtures = new Map(
  ['cert.pem', 'key.pem'].map((name) => [
    name,
    readFileSync(new URL(`../../support/tls/localhost.${name}`, import.meta.url), 'utf8'),
  ]),
);

/** A sample with its placeholders filled in. */
const filledIn = (text: string) => text.replace(/REPLACE-ME[\w-]*/g, 'a-random-text-of-some-length');

/** Reads a sample. The files that it names (certificate, key, secrets of apps) exist on another machine, so they are replaced. */
function readSample(path: string, complete = filledIn): string {
  if (path.startsWith(folder)) return complete(readFileSync(path, 'utf8'));
  if (path.endsWith('/fullchain.pem')) return fixtures.get('cert.pem') ?? '';
  if (path.endsWith('/privkey.pem')) return fixtures.get('key.pem') ?? '';
  return 'a-secret-of-some-length\n';
}

const loadSample = (name: string, env: Readonly<Record<string, string>>) =>
  loadConfig({ file: `${folder}${name}`, env, overrides: {}, readFile: readSample, modeOf: () => 0o100640 });

describe('the sample files', () => {
  test.each([
    ['production.json', ['apps[0].key', 'apps[0].webhooks[1].headers.authorization']],
    ['tls.json', ['apps[0].key']],
  ])('%s is refused until its placeholders are filled in', (name, paths) => {
    const readFile = (path: string) => readSample(path, (text) => text);
    const loaded = loadConfig({ file: `${folder}${name}`, env: {}, overrides: {}, readFile });
    expect(loaded.kind === 'invalid' && loaded.faults.map(({ path }) => path)).toEqual(paths);
  });

  test.each(samples)('%s has no faults', (name) => {
    expect(loadSample(name, {})).toMatchObject({ kind: 'ok', warnings: [] });
  });

  test.each(['production.json', 'tls.json'])('%s has no faults in production', (name) => {
    expect(loadSample(name, { NODE_ENV: 'production' })).toMatchObject({
      kind: 'ok',
      warnings: [],
    });
  });

  test('schema.json is the schema of the code', () => {
    expect(readFileSync(`${folder}schema.json`, 'utf8')).toBe(jsonSchemaText());
  });
});

describe('the schema for editors', () => {
  const schema: unknown = JSON.parse(jsonSchemaText());

  test('requires only apps, and refuses unknown keys', () => {
    expect(schema).toMatchObject({ required: ['apps'], additionalProperties: false });
  });

  test('requires one secret in each pair', () => {
    const oneOf = [{ required: ['secret'] }, { required: ['secretFile'] }];
    const otherKeys = { items: { oneOf } };
    expect(schema).toMatchObject({
      properties: { apps: { items: { oneOf, properties: { otherKeys } } } },
    });
  });

  test('describes every key', () => {
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key !== 'properties') visit(value, `${path}/${key}`);
        else {
          for (const [name, property] of Object.entries(value as Record<string, { description?: string }>)) {
            if (property.description === undefined) undescribed.push(`${path}/${name}`);
            visit(property, `${path}/${name}`);
          }
        }
      }
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });
});
