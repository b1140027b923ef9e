import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';

const expectSound = (loaded: LoadedConfig): void => {
  if (loaded.kind === 'ok') return;
  assert.ok(loaded.faults.length > 0);
  for (const { path, message } of loaded.faults) {
    assert.notEqual(path, '');
    assert.notEqual(message, '');
    expect(message).not.toContain('undefined');
  }
};

const loadText = (text: string, env: Readonly<Record<string, string>> = {}): LoadedConfig =>
  loadConfig({ file: 'soketify.json', env, overrides: {}, readFile: () => text });

const words = fc.constantFrom(
  '',
  '1',
  'a',
  'http://a.example/',
  'cache_miss',
  '__proto__',
  'constructor',
  'host',
  'info',
  '127.0.0.1',
);
const scalar = fc.oneof(words, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string());

/** An object with some of the keys of the schema, one of them perhaps foreign. */
const near = (keys: readonly string[], value: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), words), value, { maxKeys: 6 });

const webhook = near(
  ['id', 'url', 'eventTypes', 'channels', 'headers', 'standardSignature', 'allowInsecure'],
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), near(['startsWith', 'x-a', 'X-A'], scalar)),
);
const app = near(
  ['id', 'key', 'secret', 'secretFile', 'otherKeys', 'clientEvents', 'limits', 'webhooks'],
  fc.oneof(scalar, fc.array(fc.oneof(webhook, scalar), { maxLength: 3 }), near(['presenceMembers'], scalar)),
);
const nearConfig = near(
  Object.keys(configSchema.entries),
  fc.oneof(
    scalar,
    fc.array(fc.oneof(app, scalar), { maxLength: 3 }),
    near(['batch', 'retry'], fc.oneof(scalar, app)),
    near(['certFile', 'keyFile', 'passphrase', 'host', 'port'], scalar),
  ),
);

describe('loadConfig on arbitrary input', () => {
  test('never throws for arbitrary text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expectSound(loadText(text))));
  });

  test('never throws for arbitrary JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => expectSound(loadText(text))));
  });

  test('never throws for nearly valid configurations, in production or not', () => {
    fc.assert(
      fc.property(nearConfig, fc.constantFrom('production', 'test'), (value, NODE_ENV) =>
        expectSound(loadText(JSON.stringify(value), { NODE_ENV })),
      ),
      { numRuns: 1000 },
    );
  });

  test('never throws for arbitrary variables and options', () => {
    const name = fc.constantFrom(
      'APP_ID',
      'APP_KEY',
      'APP_SECRET',
      'APP_SECRET_FILE',
      'WEBHOOK_URL',
      'HOST',
      'PORT',
      'LOG_LEVEL',
      'OTHER',
    );
    const env = fc.dictionary(
      name.map((suffix) => `SOKETIFY_${suffix}`),
      fc.oneof(fc.string(), words),
    );
    fc.assert(
      fc.property(env, fc.string(), fc.oneof(fc.string(), fc.double()), (variables, host, port) =>
        expectSound(loadConfig({ env: variables, overrides: { host, port }, readFile: () => 'text' })),
      ),
    );
  });

  test('never throws for deep nesting', () => {
    expectSound(loadText(`{"apps":${'['.repeat(100_000)}${']'.repeat(100_000)}}`));
  });

  test('never shows a secret or the value of a header', () => {
    const secret = 'S3CR3T-do-not-show';
    const hidden = fc.oneof(
      fc.constant(secret),
      fc.constant(`${secret}\n`),
      fc.constant([secret]),
      fc.constant({ secret }),
    );
    const leaky = fc.record({
      apps: fc.array(
        fc.record({
          id: scalar,
          secret: hidden,
          otherKeys: fc.oneof(hidden, fc.array(fc.record({ key: scalar, secret: hidden }))),
          webhooks: fc.array(
            fc.record({ url: scalar, headers: fc.oneof(hidden, fc.dictionary(words, hidden)) }),
          ),
        }),
      ),
      tls: fc.record({ certFile: scalar, passphrase: hidden }),
    });
    fc.assert(
      fc.property(leaky, (value) => {
        expect(JSON.stringify(loadText(JSON.stringify(value)))).not.toContain(secret);
      }),
    );
  });
});
