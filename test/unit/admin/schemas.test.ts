import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { bodies, ref, schemas } from '../../../src/admin/schemas.ts';
import { oneOf, viewOf } from '../../../src/admin/schemas/view-schema.ts';
import { describeApi } from '../../../src/operations/openapi.ts';
import { readQuestion } from '../../../src/operations/operation.ts';
import { done, object, text, type Schema } from '../../../src/operations/schema.ts';
import { channelSamples } from './samples/channels.ts';
import { deliverySamples } from './samples/deliveries.ts';
import { serverSamples } from './samples/server.ts';
import { settingsSamples } from './samples/settings.ts';
import { truthSamples } from './samples/truth.ts';

/** An example of each schema with all its fields. */
const samples = {
  ...serverSamples,
  ...settingsSamples,
  ...deliverySamples,
  ...channelSamples,
  ...truthSamples,
} as const;

type Name = keyof typeof schemas;

const names = Object.keys(schemas) as Name[];

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, keywords: ['components'] });
const validators = new Map<Name, ValidateFunction>();

/** The faults of a value according to the schema of this name. */
function faultsOf(name: Name, value: unknown): readonly string[] {
  const validate = validators.get(name) ?? ajv.compile({ components: { schemas }, ...ref(name) });
  validators.set(name, validate);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

function resolve(schema: Schema): Schema {
  const target = schema['$ref'];
  if (typeof target !== 'string') return schema;
  return schemas[target.slice(target.lastIndexOf('/') + 1) as Name];
}

/** The properties of a schema that none of these values has, as paths. */
function unusedIn(schema: Schema, values: readonly unknown[], path: string): readonly string[] {
  const { properties = {}, items } = resolve(schema) as {
    properties?: Record<string, Schema>;
    items?: Schema;
  };
  const ofItems = items === undefined ? [] : unusedIn(items, values.flat(), `${path}[]`);
  const ofFields = Object.entries(properties).flatMap(([name, field]) => {
    const held = (values as Record<string, unknown>[]).map((value) => value[name]);
    const known = held.filter((value) => value !== undefined);
    return known.length === 0 ? [`${path}.${name}`] : unusedIn(field, known, `${path}.${name}`);
  });
  return [...ofItems, ...ofFields];
}

/** The objects in a schema that allow other fields, as paths. */
function openIn(schema: Schema, path: string): readonly string[] {
  const { type, properties, items, additionalProperties } = schema as {
    type?: string;
    properties?: Record<string, Schema>;
    items?: Schema;
    additionalProperties?: unknown;
  };
  const isOpen =
    type === 'object' && (properties ? additionalProperties !== false : additionalProperties === undefined);
  const inner = { ...properties, ...(items && { '[]': items }) };
  return [
    ...(isOpen ? [path] : []),
    ...Object.entries(inner).flatMap(([name, field]) => openIn(field, `${path}.${name}`)),
  ];
}

describe('the schemas of the admin API', () => {
  test('are complete in the samples', () => {
    expect(names.toSorted()).toEqual(Object.keys(samples).toSorted());
  });

  test.each(names)('describe every field of %s', (name) => {
    expect(faultsOf(name, samples[name])).toEqual([]);
  });

  test.each(names)('have no field that %s lacks', (name) => {
    expect(unusedIn(schemas[name], [samples[name]], name)).toEqual([]);
  });

  test.each(names)('accept no other field in %s', (name) => {
    expect(openIn(schemas[name], name)).toEqual([]);
    expect(faultsOf(name, { ...samples[name], other: 1 })).toEqual([' must NOT have additional properties']);
  });

  test('mark the optional fields', () => {
    const { next: _, ...last } = samples.ChannelPage;
    expect(faultsOf('ChannelPage', last)).toEqual([]);
    const { items: __, ...empty } = samples.ChannelPage;
    expect(faultsOf('ChannelPage', empty)).toEqual([" must have required property 'items'"]);
    expect(faultsOf('AppInput', {})).toEqual([]);
    expect(faultsOf('AppSettings', { limits: { connections: null } })).toEqual([]);
    expect(faultsOf('EndpointInput', {})).toEqual([" must have required property 'url'"]);
  });

  test('list the words of a field and no others', () => {
    expect(faultsOf('Pause', { how: 'off', sinceMs: 1 })).toEqual([]);
    expect(faultsOf('Pause', { how: 'on', sinceMs: 1 })).toEqual([
      '/how must be equal to one of the allowed values',
    ]);
  });
});

describe('the schema of an interface', () => {
  interface Example {
    readonly always: string;
    readonly sometimes?: string;
  }

  test('has the fields of the interface, or does not compile', () => {
    expect(viewOf<Example>({ always: text }, { sometimes: text })).toEqual(
      object({ always: text, sometimes: text }, ['always']),
    );
    // @ts-expect-error -- a required field is missing
    viewOf<Example>({}, { sometimes: text });
    // @ts-expect-error -- an optional field is missing
    viewOf<Example>({ always: text });
    // @ts-expect-error -- the interface has no such field
    viewOf<Example>({ always: text, never: text }, { sometimes: text });
    // @ts-expect-error -- the field is optional
    viewOf<Example>({ always: text, sometimes: text }, { sometimes: text });
    expect(oneOf<'a' | 'b'>({ a: true, b: true })).toEqual({ type: 'string', enum: ['a', 'b'] });
    // @ts-expect-error -- a word is missing
    oneOf<'a' | 'b'>({ a: true });
  });
});

describe('the bodies of the admin API', () => {
  const read = (body: Schema, sent: object) =>
    readQuestion(
      { path: '/apps/{app}/endpoints', body },
      { values: ['a'], rawQuery: '', body: Buffer.from(JSON.stringify(sent)), who: 'w', isFull: true },
    );

  test.each(Object.entries(bodies))('refuse a field that %s does not have', (_, body) => {
    expect(() => read(body, { other: 1 })).toThrow("unknown field 'other'; expected one of ");
  });

  test.each([
    ['app', samples.AppInput],
    ['settings', samples.AppSettings],
    ['endpoint', samples.EndpointInput],
  ] as const)('accept every field that %s has', (name, sample) => {
    expect(read(bodies[name], sample).body).toEqual(sample);
  });

  test('form a valid OpenAPI document with all schemas', async () => {
    const operations = Object.entries(bodies).map(([id, body]) => ({
      method: 'post' as const,
      path: `/${id}`,
      id,
      summary: id,
      body,
      answer: done,
      run: () => undefined,
    }));
    const info = { title: 'Admin API', description: 'All of it.', prefix: '/admin', hasToken: true, schemas };
    const document = JSON.parse(JSON.stringify(describeApi(operations, info)));
    expect(await new Validator().validate(document)).toEqual({ valid: true });
  });
});
