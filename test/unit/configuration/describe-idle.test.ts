import { expect, test } from 'vitest';
import { describeIdle } from '../../../src/configuration/describe-idle.ts';
import { addEndpoint } from '../../../src/configuration/edit-endpoints.ts';
import { idleOf, noChanges, withApp } from '../../../src/configuration/run-time-changes.ts';
import { configOf } from '../../integration/support/server.ts';

const url = 'http://hook.example/';
const ofFile = configOf({ apps: [{ id: '1', key: 'a', secret: 's' }] });
const [app] = configOf({ apps: [{ id: '2', key: 'b', secret: 's', webhooks: [{ id: 'x', url }] }] }).apps;
if (app?.webhooks[0] === undefined) throw new Error('there is one');
const context = { file: ofFile, fileName: '/etc/s.json', current: ofFile, env: {} };
const changes = addEndpoint('1', app.webhooks[0])(withApp(noChanges, app), context);

test.each([
  [
    [{ id: '1', key: 'b', secret: 's', webhooks: [{ id: 'x', url }] }],
    [
      'The configuration file /etc/s.json has an app with this id or one of these keys, and that app is served instead.',
      "There is no app '2' at the moment. The endpoint is served as soon as there is one.",
      'The configuration file /etc/s.json has an endpoint with this id, and that endpoint is served instead.',
    ],
  ],
  [
    [{ id: '1', key: 'a', secret: 's' }],
    [
      'Its URL does not use https, which is required in production.',
      'Its URL does not use https, which is required in production.',
    ],
  ],
])('apps and endpoints that are not served have a reason: %j', (apps, sentences) => {
  const idle = idleOf(configOf({ apps }).apps, changes, { isProduction: true });
  expect(idle.map((one) => describeIdle(one, context))).toEqual(sentences);
});

test('the reason works without a file', () => {
  const [first] = idleOf(configOf({ apps: [{ id: '2', key: 'c', secret: 's' }] }).apps, changes, {
    isProduction: false,
  });
  if (first === undefined) throw new Error('there is one');
  expect(describeIdle(first, { fileName: undefined })).toMatch(/^The configuration has an app/);
});
