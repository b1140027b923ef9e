import { expect, test } from 'vitest';
import type { EndpointView } from '../../../src/views/settings.ts';
import { faultAt, otherFaults } from '../../../src/dashboard/page/faults.ts';
import {
  checkDraft,
  draftOf,
  emptyDraft,
  withEventType,
} from '../../../src/dashboard/page/settings/endpoint-draft.ts';

const url = 'https://example.com/webhooks';

const view: EndpointView = {
  id: 'main',
  origin: 'run-time',
  url,
  enabled: true,
  eventTypes: ['member_added'],
  channels: { startsWith: 'presence-', endsWith: '' },
  headers: { 'x-team': 'growth: north' },
  standardSignature: true,
  reconcile: true,
  batch: { maxEvents: 20, maxDelayMs: 5, maxBytes: 1000 },
  ownBatch: { maxDelayMs: 5 },
};

test('an endpoint that is edited and not changed is sent as it is', () => {
  expect(checkDraft(draftOf(view))).toEqual({
    input: {
      id: 'main',
      url,
      eventTypes: ['member_added'],
      channels: { startsWith: 'presence-', endsWith: '' },
      headers: { 'x-team': 'growth: north' },
      standardSignature: true,
      reconcile: true,
      // The rest goes on following the server's configuration.
      batch: { maxDelayMs: 5 },
    },
  });
});

test('an endpoint whose batching the server switches off follows it until it has numbers of its own', () => {
  const before: EndpointView = { ...view, batch: { ...view.batch, maxEvents: 1 } };
  expect(checkDraft(draftOf(before), before)).toMatchObject({ input: { batch: { maxDelayMs: 5 } } });
  const on = { ...draftOf(before), isBatching: true };
  expect(checkDraft(on, before)).toMatchObject({ faults: [{ path: 'batch.maxEvents' }] });
  expect(checkDraft({ ...on, maxEvents: '3' }, before)).toMatchObject({
    input: { batch: { maxEvents: 3, maxDelayMs: 5 } },
  });
});

test('an endpoint with batching off of its own stays so', () => {
  const { batch } = view;
  const before: EndpointView = { ...view, batch: { ...batch, maxEvents: 1 }, ownBatch: { maxEvents: 1 } };
  expect(checkDraft(draftOf(before), before)).toMatchObject({ input: { batch: { maxEvents: 1 } } });
});

test('a new endpoint leaves id and batching to the server', () => {
  expect(checkDraft({ ...emptyDraft, url: ` ${url} ` })).toMatchObject({ input: { url, batch: {} } });
  expect(checkDraft({ ...emptyDraft, url })).not.toHaveProperty('input.id');
});

test('batching off is one event a request, whatever the fields held', () => {
  const draft = { ...draftOf(view), isBatching: false, maxDelayMs: 'soon' };
  expect(checkDraft(draft)).toMatchObject({ input: { batch: { maxEvents: 1 } } });
});

test('each field that is wrong is named', () => {
  const draft = { ...emptyDraft, eventTypes: [], headers: 'no colon\n: no name', maxEvents: '-1' };
  const checked = checkDraft(draft);
  const paths = 'faults' in checked ? checked.faults.map(({ path }) => path) : [];
  expect(paths).toEqual(['url', 'eventTypes', 'headers', 'headers', 'batch.maxEvents']);
});

test('event types keep the order in which they are listed', () => {
  const some = withEventType({ ...emptyDraft, eventTypes: ['cache_miss'] }, 'channel_vacated', true);
  expect(some.eventTypes).toEqual(['channel_vacated', 'cache_miss']);
  expect(withEventType(some, 'cache_miss', false).eventTypes).toEqual(['channel_vacated']);
});

test('a fault stands beside its field, and is nowhere lost', () => {
  const faults = [
    { path: 'url', message: 'a' },
    { path: 'headers.x-team', message: 'b' },
    { path: 'eventTypes[0]', message: 'c' },
    { path: 'urls', message: 'd' },
  ];
  expect(faultAt(faults, 'headers')).toBe('b');
  expect(faultAt(faults, 'eventTypes')).toBe('c');
  expect(faultAt(faults, 'id')).toBeUndefined();
  expect(otherFaults(faults, ['url', 'headers', 'eventTypes'])).toEqual([{ path: 'urls', message: 'd' }]);
});
