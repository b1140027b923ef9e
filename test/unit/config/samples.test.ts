import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { jsonSchemaText } from '../../../src/config/json-schema.ts';
import { loadConfig } from '../../../src/config/load.ts';

const folder = fileURLToPath(new URL('../../../config/', import.meta.url));
const samples = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'schema.json');

const loadSample = (name: string, env: Readonly<Record<string, string>>) =>
  loadConfig({ file: `${folder}${name}`, env, overrides: {} });

describe('the sample files', () => {
  test.each(samples)('%s has no fault', (name) => {
    expect(loadSample(name, {})).toMatchObject({ kind: 'ok', warnings: [] });
  });

  test('production.json has no fault in production', () => {
    expect(loadSample('production.json', { NODE_ENV: 'production' })).toMatchObject({
      kind: 'ok',
      warnings: [],
    });
  });

  test('schema.json is that of the code', () => {
    expect(readFileSync(`${folder}schema.json`, 'utf8')).toBe(jsonSchemaText());
  });
});

describe('the schema for editors', () => {
  const schema: unknown = JSON.parse(jsonSchemaText());

  test('demands nothing but apps, and refuses unknown keys', () => {
    expect(schema).toMatchObject({ required: ['apps'], additionalProperties: false });
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
