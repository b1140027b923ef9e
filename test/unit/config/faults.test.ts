import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { app, configOf, faultsOf, load, noSuchFile, withWebhooks } from './loading.ts';

const url = 'https://example.com/hook';

describe('a file that is not a configuration', () => {
  const withReadFile = (readFile: () => string) =>
    loadConfig({ file: 'soketify.json', env: {}, overrides: {}, readFile });

  test('a missing file is a fault', () => {
    expect(withReadFile(noSuchFile)).toEqual({
      kind: 'invalid',
      file: 'soketify.json',
      files: [resolve('soketify.json')],
      faults: [{ path: 'soketify.json', message: 'cannot be read: there is no such file (ENOENT)' }],
    });
  });

  test('an empty path is a fault of the option', () => {
    expect(faultsOf({ file: '', content: '{}' })).toEqual([
      '--config: expected the path of a file, got an empty string',
    ]);
  });

  test('the disk is read if no other reader is given', () => {
    const loaded = loadConfig({ file: '/nowhere/soketify.json', env: {}, overrides: {} });
    expect(loaded.kind === 'invalid' && loaded.faults[0]?.message).toContain('ENOENT');
  });

  test('an unreadable file never falls back to the default app, whatever the reason', () => {
    expect(
      withReadFile(() => {
        throw new Error('odd');
      }).kind,
    ).toBe('invalid');
  });

  test('invalid JSON is a fault with line and column', () => {
    expect(faultsOf({ content: '{\n  "port": 6001,\n  "secret" "hush"\n}' })).toEqual([
      'soketify.json: not valid JSON at line 3, column 12: colon expected',
    ]);
  });

  test.each([
    ['[]', 'an empty array'],
    ['"text"', 'a string'],
    ['null', 'null'],
    ['7', 'a number'],
  ])('%s is not an object', (content, got) => {
    expect(faultsOf({ content })).toEqual([`soketify.json: expected an object, got ${got}`]);
  });

  test('faults of the environment are reported together with those of the file', () => {
    expect(faultsOf({ content: '{', env: { SOKETIFY_PORT: 'x' }, overrides: { host: '' } })).toEqual([
      'soketify.json: not valid JSON at line 1, column 2: close brace expected',
      '--host: expected an IP address or a host name, got an empty string',
      'SOKETIFY_PORT: expected a whole number from 0 to 65535, got "x"',
    ]);
  });
});

describe('a fault', () => {
  test('all faults are reported at once, each with its path', () => {
    const content = {
      port: 70_000,
      adress: 'x',
      apps: [
        { ...app, webhooks: [{ url }, { url: 'ftp://example.com', eventTypes: ['channel_gone'] }] },
        { id: '1', key: 'b-key' },
      ],
      webhooks: { retry: { jitter: 2 } },
    };
    expect(faultsOf({ content }).map((fault) => fault.split(': ')[0])).toEqual([
      'port',
      'apps[0].webhooks[1].url',
      'apps[0].webhooks[1].eventTypes[0]',
      'webhooks.retry.jitter',
      'adress',
      'apps[1].id',
      'apps[1].secret',
    ]);
  });

  test('states what was received and what is accepted', () => {
    expect(faultsOf({ content: { apps: [app], port: '6001' } })).toEqual([
      'port: expected a whole number from 0 to 65535, got "6001"',
    ]);
  });

  test('a missing key is reported as missing', () => {
    expect(faultsOf({ content: { apps: [{ id: '1', secret: 's' }] } })).toEqual([
      expect.stringMatching(/^apps\[0\]\.key: missing; expected a string of 1 to 200 of /),
    ]);
  });

  test('a file without apps is faulty', () => {
    expect(faultsOf({ content: {} })).toEqual(['apps: missing; expected an array']);
    expect(faultsOf({ content: { apps: [] } })).toEqual([
      'apps: expected at least one app, got an empty array',
    ]);
  });

  test.each([['secret'], [12_345], [{ secret: 'secret' }], [['secret']]])(
    'never shows a secret: %j',
    (value) => {
      const faults = faultsOf({
        content: { apps: [app, { id: '1', key: 'k', secret: value, extra: 'secret!' }] },
      });
      expect(faults.join('\n')).not.toMatch(/"secret|secret!|12345/);
    },
  );

  test('never shows the value of a header', () => {
    const headers = { 'x-a': 'hush\n', 'x-b': 1234, host: 'hush', 'not a name': 'hush' };
    const faults = faultsOf({ content: withWebhooks({ url, headers }) });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).not.toMatch(/hush|1234/);
  });

  test('shows what a string for an object should have been', () => {
    const content = { apps: [{ ...app, webhooks: [url] }], store: 'data' };
    expect(faultsOf({ content })).toEqual([
      'apps[0].webhooks[0]: expected an object such as { "url": "https://example.com/webhooks" }, got a string',
      'store: expected an object such as { "path": "store" }, got a string',
    ]);
    expect(faultsOf({ content: { apps: [app], redis: 'redis://127.0.0.1' } })).toEqual([
      'redis: expected an object such as { "url": "redis://127.0.0.1:6379" }, got a string',
    ]);
  });

  test.each(['http://user:hush@example.com/', 'ftp://example.com/?token=hush', 'hush@example.com'])(
    'never shows what may be a password in a URL: %s',
    (bad) => {
      expect(faultsOf({ content: withWebhooks({ url: bad }) })).toEqual([
        'apps[0].webhooks[0].url: expected an http or https URL such as https://example.com/webhooks, without spaces, user name and password, got a string (not shown)',
      ]);
    },
  );

  // The parser of URLs would take the path for the host.
  test('refuses an endpoint without a host', () => {
    expect(faultsOf({ content: withWebhooks({ url: 'http:///webhooks' }) })).toEqual([
      expect.stringMatching(/^apps\[0\]\.webhooks\[0\]\.url: expected .* got "http:\/\/\/webhooks"$/),
    ]);
  });

  test('shows no control characters, and clips long text', () => {
    const [fault = ''] = faultsOf({
      content: { apps: [app], logLevel: `\u001b[31m\u009b${'x'.repeat(1000)}` },
    });
    expect(fault).not.toMatch(/\p{Cc}/u);
    expect(fault.length).toBeLessThan(250);
  });
});

describe('an unknown key', () => {
  test('is a fault that names the nearest key', () => {
    const content = { apps: [app], prot: 1, webhooks: { retry: { max_delay_ms: 5 } } };
    expect(faultsOf({ content })).toEqual([
      'webhooks.retry.max_delay_ms: unknown key "max_delay_ms"; did you mean "maxDelayMs"?',
      'prot: unknown key "prot"; did you mean "port"?',
    ]);
  });

  test('is a fault that lists the accepted keys if it resembles none', () => {
    expect(faultsOf({ content: { apps: [app], webhooks: { batch: { colour: 1 } } } })).toEqual([
      'webhooks.batch.colour: unknown key "colour"; accepted keys: maxEvents, maxDelayMs, maxBytes',
    ]);
  });

  test('is found in an app, its limits, an endpoint and its filter', () => {
    const webhook = { url, channels: { startWith: 'a' }, eventtypes: [] };
    expect(
      faultsOf({ content: { apps: [{ ...app, name: 'x', limits: { members: 1 }, webhooks: [webhook] }] } }),
    ).toEqual([
      expect.stringContaining('apps[0].limits.members: unknown key'),
      'apps[0].webhooks[0].channels.startWith: unknown key "startWith"; did you mean "startsWith"?',
      'apps[0].webhooks[0].eventtypes: unknown key "eventtypes"; did you mean "eventTypes"?',
      expect.stringContaining('apps[0].name: unknown key'),
    ]);
  });

  test('is a fault even if a later version may know it', () => {
    for (const key of ['redis', 'subscriptionCount', 'ssl']) {
      expect(faultsOf({ content: { apps: [app], [key]: {} } })).toHaveLength(1);
    }
    expect(faultsOf({ content: { apps: [app], limits: { webhooks: 1 } } })).toHaveLength(1);
  });

  test('may be any text', () => {
    expect(
      faultsOf({ content: '{"apps":[{"id":"1","key":"k","secret":"s"}],"__proto__":1,"":2,"a b":3}' }),
    ).toEqual([
      expect.stringContaining('__proto__: unknown key "__proto__"'),
      expect.stringContaining('[""]: unknown key ""'),
      expect.stringContaining('["a b"]: unknown key "a b"'),
    ]);
  });
});

describe('identity', () => {
  test('app ids and app keys must be unique; the fault names both paths', () => {
    const content = { apps: [app, { ...app, secret: 'other' }] };
    expect(faultsOf({ content })).toEqual([
      'apps[1].id: "1" is also apps[0].id; app ids must be unique',
      'apps[1].key: "a-key" is also apps[0].key; app keys must be unique',
    ]);
  });

  test('keys must be unique over all pairs of all apps', () => {
    const content = {
      apps: [
        {
          ...app,
          otherKeys: [
            { key: 'a-key', secret: 's' },
            { key: 'b-key', secret: 's' },
          ],
        },
        { id: '2', key: 'b-key', secret: 's', otherKeys: [{ key: 'a-key', secret: 's' }] },
      ],
    };
    expect(faultsOf({ content })).toEqual([
      'apps[0].otherKeys[0].key: "a-key" is also apps[0].key; app keys must be unique',
      'apps[1].key: "b-key" is also apps[0].otherKeys[1].key; app keys must be unique',
      'apps[1].otherKeys[0].key: "a-key" is also apps[0].key; app keys must be unique',
    ]);
  });

  test('explicit webhook ids must be unique in an app', () => {
    expect(faultsOf({ content: withWebhooks({ id: 'a', url }, { url }, { id: 'a', url }) })).toEqual([
      'apps[0].webhooks[2].id: "a" is also apps[0].webhooks[0].id; webhook ids must be unique in an app',
    ]);
  });

  test('two apps may use the same webhook id', () => {
    const webhooks = [{ id: 'a', url }];
    const content = {
      apps: [
        { ...app, webhooks },
        { id: '2', key: 'b', secret: 's', webhooks },
      ],
    };
    expect(load({ content }).kind).toBe('ok');
  });

  test('a header must be given only once, whatever its case', () => {
    expect(faultsOf({ content: withWebhooks({ url, headers: { 'x-a': '1', 'X-A': '2' } }) })).toEqual([
      'apps[0].webhooks[0].headers["X-A"]: is also given as "x-a"; header names are case-insensitive',
    ]);
  });
});

describe('the port of the metrics', () => {
  const fault =
    'metrics.port: 6001 is also the port of the server; give metrics another port, or 0 for a free one';

  test('must differ from that of the server', () => {
    expect(faultsOf({ content: { apps: [app], metrics: { port: 6001 } } })).toEqual([fault]);
    expect(faultsOf({ content: { apps: [app], metrics: { host: '127.0.0.1', port: 6001 } } })).toEqual([
      fault,
    ]);
    const content = { apps: [app], port: 1, metrics: { port: 6001 } };
    expect(faultsOf({ content, env: { SOKETIFY_PORT: '6001' } })).toEqual([fault]);
    expect(load({ content }).kind).toBe('ok');
  });

  test('may be the same on another host, or a free one', () => {
    const elsewhere = { apps: [app], metrics: { host: '127.0.0.2', port: 6001 } };
    expect(load({ content: elsewhere }).kind).toBe('ok');
    expect(load({ content: { apps: [app], port: 0, metrics: { port: 0 } } }).kind).toBe('ok');
  });
});

describe('headers', () => {
  test.each([
    'Content-Type',
    'content-length',
    'HOST',
    'x-pusher-key',
    'X-Pusher-Signature',
    'webhook-id',
    'Webhook-Timestamp',
    'x-soketify-attempt',
    'X-Soketify-Epoch',
    'X-Soketify-Resend',
    'transfer-encoding',
    'Connection',
  ])('%s cannot be replaced', (name) => {
    const [fault] = faultsOf({ content: withWebhooks({ url, headers: { [name]: 'x' } }) });
    expect(fault).toContain('expected the name of an HTTP header other than content-type, ');
  });

  test('other headers are sent unchanged', () => {
    const headers = { Authorization: 'Bearer x', 'x-extra': '' };
    expect(configOf({ content: withWebhooks({ url, headers }) }).apps[0]?.webhooks[0]?.headers).toEqual(
      headers,
    );
  });
});
