import { describe, expect, test } from 'vitest';
import { app, faultsOf, load, withWebhooks } from '../loading.ts';

const secretFault =
  'is still a placeholder; expected a random secret, such as the output of "openssl rand -hex 32"';

describe('a placeholder from a sample', () => {
  test.each([
    'REPLACE-ME',
    'REPLACE_ME_with_a_secret',
    'replaceme',
    'changeme',
    'CHANGE_ME',
    'change-this',
    '<secret>',
    '<your secret>',
    '{{ secret }}',
    '${APP_SECRET}',
    'your-secret',
    'your_app_secret',
    'YOUR-SECRET-HERE',
  ])('%s is not a secret, and the fault states what is expected', (secret) => {
    expect(faultsOf({ content: { apps: [{ ...app, secret }] } })).toEqual([`apps[0].secret: ${secretFault}`]);
  });

  test('is found wherever a value must be filled in', () => {
    const content = {
      ...withWebhooks({
        url: 'https://example.com/hooks/<id>',
        headers: { authorization: 'Bearer REPLACE-ME', 'x-token': 'Bearer your-token' },
      }),
      redis: { url: 'redis://:changeme@redis:6379' },
    };
    const [first] = content.apps;
    const apps = [{ ...first, key: 'REPLACE-ME', otherKeys: [{ key: 'your-key', secret: 'changeme' }] }];
    expect(faultsOf({ content: { ...content, apps } }).map((line) => line.split(': is still')[0])).toEqual([
      'apps[0].key',
      'apps[0].otherKeys[0].key',
      'apps[0].otherKeys[0].secret',
      'apps[0].webhooks[0].url',
      'apps[0].webhooks[0].headers.authorization',
      'apps[0].webhooks[0].headers["x-token"]',
      'redis.url',
    ]);
    const cluster = ['redis://one:6379', 'redis://:changeme@two:6379'];
    expect(faultsOf({ content: { apps: [app], redis: { cluster } } })).toEqual([
      'redis.cluster[1]: is still a placeholder; expected the URL of your Redis',
    ]);
    expect(faultsOf({ content: { apps: [app], control: { token: 'change-me' } } })).toEqual([
      `control.token: ${secretFault}`,
    ]);
  });

  test('is found in the environment and in the file of a secret, too', () => {
    const { id, key } = app;
    expect(faultsOf({ env: { SOKETIFY_APP_SECRET: 'changeme' } })).toEqual([
      `SOKETIFY_APP_SECRET: ${secretFault}`,
    ]);
    const content = { apps: [{ id, key, secretFile: '/run/secret' }] };
    expect(faultsOf({ content, others: { '/run/secret': 'REPLACE-ME\n' } })).toEqual([
      `apps[0].secretFile: ${secretFault}, in the file "/run/secret"`,
    ]);
  });

  test.each([
    'exchange-mexico',
    'a<b>c',
    'unchanged',
    'secret',
    'app-secret',
    'x9$kQ<2>!vR{3}',
    'interchange_item',
    'my-secret',
  ])('is not recognized in %s', (secret) => {
    expect(load({ content: { apps: [{ ...app, secret }] } }).kind).toBe('ok');
  });
});
