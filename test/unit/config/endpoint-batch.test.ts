import { expect, test } from 'vitest';
import { toApplication } from '../../../src/configuration/applications.ts';
import { configOf, faultsOf, withWebhooks } from './loading.ts';

test('the batch settings of an endpoint are used as given, and nothing is added', () => {
  const given = { url: 'https://example.com/', batch: { maxEvents: 1 } };
  const [app] = configOf({ content: withWebhooks(given) }).apps;
  if (app === undefined) throw new Error('there is no app');
  expect(toApplication(app, 'allow').endpoints).toMatchObject([{ batch: { maxEvents: 1 } }]);
  expect(app.webhooks[0]?.batch).toEqual({ maxEvents: 1 });
});

test('the header that marks a test cannot be configured', () => {
  const given = { url: 'https://example.com/', headers: { 'x-soketify-test': '1' } };
  expect(faultsOf({ content: withWebhooks(given) })).toEqual([expect.stringContaining('x-soketify-test')]);
});
