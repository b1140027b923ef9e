import { expect, test } from 'vitest';
import { toApplication } from '../../../src/configuration/applications.ts';
import { configOf, faultsOf, withWebhooks } from './loading.ts';

test('what an endpoint says of its batches is taken as it is, and nothing is added', () => {
  const given = { url: 'https://example.com/', batch: { maxEvents: 1 } };
  const [app] = configOf({ content: withWebhooks(given) }).apps;
  if (app === undefined) throw new Error('there is no app');
  expect(toApplication(app, 'allow').endpoints).toMatchObject([{ batch: { maxEvents: 1 } }]);
  expect(app.webhooks[0]?.batch).toEqual({ maxEvents: 1 });
});

test('a header by which a test is known cannot be set', () => {
  const given = { url: 'https://example.com/', headers: { 'x-soketify-test': '1' } };
  expect(faultsOf({ content: withWebhooks(given) })).toEqual([expect.stringContaining('x-soketify-test')]);
});
