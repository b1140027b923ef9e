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

test('an endpoint that is opened and not changed is saved unchanged', () => {
  expect(checkDraft(draftOf(view))).toEqual({
    input: {
      id: 'main',
      url,
      eventTypes: ['member_added'],
      channels: { startsWith: 'presence-', endsWith: '' },
      headers: { 'x-team': 'growth: north' },
      standardSignature: true,
      reconcile: true,
      // The other values still follow the server's configuration.
      batch: { maxDelayMs: 5 },
    },
  });
});

test('an endpoint follows a server whose batching is off, until it has its own numbers', () => {
  const before: EndpointView = { ...view, batch: { ...view.batch, maxEvents: 1 } };
  expect(checkDraft(draftOf(before), before)).toMatchObject({ input: { batch: { maxDelayMs: 5 } } });
  const on = { ...draftOf(before), isBatching: true };
  expect(checkDraft(on, before)).toMatchObject({ faults: [{ path: 'batch.maxEvents' }] });
  expect(checkDraft({ ...on, maxEvents: '3' }, before)).toMatchObject({
    input: { batch: { maxEvents: 3, maxDelayMs: 5 } },
  });
});

test('an endpoint that switched batching off itself keeps it off', () => {
  const { batch } = view;
  const before: EndpointView = { ...view, batch: { ...batch, maxEvents: 1 }, ownBatch: { maxEvents: 1 } };
  expect(checkDraft(draftOf(before), before)).toMatchObject({ input: { batch: { maxEvents: 1 } } });
});

test('a new endpoint leaves id and batching to the server', () => {
  expect(checkDraft({ ...emptyDraft, url: ` ${url} ` })).toMatchObject({ input: { url, batch: {} } });
  expect(checkDraft({ ...emptyDraft, url })).not.toHaveProperty('input.id');
});

test('batching off means one event per webhook, whatever the other fields contain', () => {
  const draft = { ...draftOf(view), isBatching: false, maxDelayMs: 'soon' };
  expect(checkDraft(draft)).toMatchObject({ input: { batch: { maxEvents: 1 } } });
});

test('each invalid field is named', () => {
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

test('a fault appears beside its field, or in the list of other faults', () => {
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
