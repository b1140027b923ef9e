import { describe, expect, test } from 'vitest';
import { validate } from '../../../src/config/validate.ts';
import { app, configOf, faultsOf, withWebhooks } from './loading.ts';

const url = 'https://example.com/hook';

describe('an object', () => {
  test('is not an array', () => {
    const content = {
      ...withWebhooks({ url, channels: [], headers: ['x-a'] }),
      limits: [],
      tls: ['cert.pem'],
    };
    expect(faultsOf({ content })).toEqual([
      'apps[0].webhooks[0].channels: expected an object, got an empty array',
      'apps[0].webhooks[0].headers: expected an object, got an array',
      'limits: expected an object, got an empty array',
      'tls: expected an object, got an array',
    ]);
  });

  test('must not have an unknown key that is inherited', () => {
    class Content {
      readonly apps = [app];
    }
    Object.assign(Content.prototype, { prot: 1 });
    expect(validate(new Content())).toEqual({
      kind: 'invalid',
      faults: [{ path: 'prot', message: 'unknown key "prot"; did you mean "port"?' }],
    });
  });

  test('that may also be another value has its own faults', () => {
    const webhooks = { restartGraceMs: 'soon' };
    expect(faultsOf({ content: { apps: [app], control: { clock: 'fast' }, webhooks } })).toEqual([
      'webhooks.restartGraceMs: expected a whole number from 0 to 86400000, or "auto", got "soon"',
      'control.clock: expected one of real, virtual, got "fast"',
    ]);
  });
});

describe('headers', () => {
  test('may have the names of what every object has', () => {
    const headers = { constructor: 'a', prototype: 'b' };
    const { apps } = configOf({ content: withWebhooks({ url, headers }) });
    expect(apps[0]?.webhooks[0]?.headers).toEqual(headers);
  });

  test('have one fault for each name', () => {
    const headers = { 'a b': 1, constructor: 1, 'x-a': 1 };
    const place = String.raw`^apps\[0\]\.webhooks\[0\]\.headers`;
    expect(faultsOf({ content: withWebhooks({ url, headers }) })).toEqual([
      expect.stringMatching(String.raw`${place}\["a b"\]: expected the name of .*, expect$`),
      expect.stringMatching(String.raw`${place}\.constructor: expected the value of .*, got a number$`),
      expect.stringMatching(String.raw`${place}\["x-a"\]: expected the value of .*, got a number$`),
    ]);
  });

  test('are not an instance of Headers, whose entries are not keys', () => {
    expect(validate(withWebhooks({ url, headers: new Headers({ 'x-a': '1' }) }))).toEqual({
      kind: 'invalid',
      faults: [{ path: 'apps[0].webhooks[0].headers', message: 'expected an object, got an object' }],
    });
  });
});
