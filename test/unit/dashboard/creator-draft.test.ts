import { describe, expect, it } from 'vitest';
import {
  describeData,
  draftOf,
  emptyDraft,
  eventsOf,
} from '../../../src/dashboard/page/console/creator-draft.ts';

describe('The event creator', () => {
  it('sends an event once to each named channel', () => {
    const draft = { ...emptyDraft, name: 'paid', channels: 'orders, private-x\norders', data: '{"id":1}' };
    expect(eventsOf(draft)).toEqual({
      value: [{ name: 'paid', channels: ['orders', 'private-x'], data: '{"id":1}' }],
    });
  });

  it('sends to a user through the channel that the protocol defines for it', () => {
    const draft = { ...emptyDraft, way: 'user' as const, name: 'hello', userId: '42' };
    expect(eventsOf(draft)).toMatchObject({ value: [{ channels: ['#server-to-user-42'] }] });
  });

  it('reports what is missing, field by field', () => {
    expect(eventsOf(emptyDraft)).toEqual({
      faults: { name: 'The event needs a name.', channels: 'Enter at least one channel.' },
    });
  });

  it('accepts a batch with data as text or JSON, and its own example', () => {
    const batch = '[{"name":"a","channel":"x","data":{"n":1}},{"name":"b","channels":["y"],"data":"t"}]';
    expect(eventsOf({ ...emptyDraft, way: 'batch', batch })).toEqual({
      value: [
        { name: 'a', channels: ['x'], data: '{"n":1}' },
        { name: 'b', channels: ['y'], data: 't' },
      ],
    });
    expect(eventsOf({ ...emptyDraft, way: 'batch' })).toMatchObject({ value: [{}, {}] });
  });

  it.each([
    ['{', /^Not JSON: /],
    ['{}', /^Expected a list of events, got an object with 0 fields\.$/],
    ['[{"name":"a","channel":"x"},{"name":1}]', /^Event 2: expected/],
  ])('reports what is wrong with the batch %s', (batch, message) => {
    expect(eventsOf({ ...emptyDraft, way: 'batch', batch })).toMatchObject({
      faults: { batch: expect.stringMatching(message) },
    });
  });

  it('makes a draft from a published row, also from one to a user', () => {
    expect(draftOf({ appId: '1', channel: 'orders', name: 'paid', data: '{"id":1}' })).toMatchObject({
      app: '1',
      way: 'channels',
      channels: 'orders',
      name: 'paid',
      data: '{\n  "id": 1\n}',
    });
    expect(draftOf({ appId: '1', channel: '#server-to-user-42', name: 'hello' })).toMatchObject({
      way: 'user',
      userId: '42',
    });
  });

  it('replays the original data unless it was edited', () => {
    const draft = draftOf({ appId: '1', channel: 'orders', name: 'paid', data: '{"id":1}' });
    expect(eventsOf(draft)).toMatchObject({ value: [{ data: '{"id":1}' }] });
    const edited = { ...draft, data: draft.data.replace('1', '2') };
    expect(eventsOf(edited)).toMatchObject({ value: [{ data: '{\n  "id": 2\n}' }] });
  });

  it('does not indent data that serializing would change', () => {
    expect(draftOf({ appId: '1', data: '{"id": 12345678901234567890}' }).data).toBe(
      '{"id": 12345678901234567890}',
    );
  });

  it('reports whether data is JSON, and accepts data that is not', () => {
    expect(describeData('{"a":1}')).toEqual({ isJson: true, text: 'JSON: an object with 1 field' });
    expect(describeData('{a').isJson).toBe(false);
    expect(describeData('{a').text).toMatch(/sent as a string/);
  });
});
