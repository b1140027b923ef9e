import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeBatch, decodeInfo, decodeTrigger } from '../../../src/protocol/trigger-request.ts';
import { limits } from '../../support/unit/application.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';

const valid = { name: 'news', channels: ['a'], data: 'x' };
const tooLarge =
  'The data content of this event exceeds the allowed maximum (10240 bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info';
const read = (body: object) => decodeTrigger(JSON.stringify(body), [], limits);
const readBatch = (batch: unknown) => decodeBatch(JSON.stringify({ batch }), limits);
const names = (count: number) => Array.from({ length: count }, (_, index) => `news-${index}`);

describe('a trigger', () => {
  test('is read', () => {
    const body = { ...valid, socket_id: '1.2', info: 'user_count, subscription_count,user_count' };
    expect(read(body)).toEqual({
      name: 'news',
      channels: ['a'],
      data: 'x',
      except: '1.2',
      info: ['user_count', 'subscription_count'],
    });
  });

  test.each([
    [{ channels: undefined, channel: 'a' }, { channels: ['a'] }],
    [{ channels: null, channel: 'a' }, { channels: ['a'] }],
    [{ channel: 'ignored' }, { channels: ['a'] }],
    [{ channel: null }, { channels: ['a'] }],
    [
      { socket_id: null, info: null },
      { except: undefined, info: [] },
    ],
    [{ info: '' }, { info: [] }],
  ])('with %j is read', (rest, expected) => {
    expect(read({ ...valid, ...rest })).toMatchObject(expected);
  });

  test('has each channel once, in order', () => {
    expect(read({ ...valid, channels: ['b', 'a', 'b'] })).toMatchObject({
      channels: ['b', 'a'],
    });
  });

  test.each([
    ['text', 'text'],
    ['', ''],
    [{ b: [1, 'x'] }, '{"b":[1,"x"]}'],
    [null, 'null'],
    [false, 'false'],
    [1.5, '1.5'],
  ])('with the data %j has the string %s', (data, text) => {
    expect(read({ ...valid, data })).toMatchObject({ data: text });
  });

  test.each([
    'App\\Events\\Foo',
    'payment:completed',
    'a.b-c_d',
    '\u00e9',
    'x'.repeat(200),
    'Pusher:x',
    'clients',
    'pusher',
  ])('may be named %.30s', (name) => {
    expect(read({ ...valid, name })).toMatchObject({ name });
  });

  test('may have 100 channels and 10,240 bytes of data', () => {
    const body = { ...valid, channels: names(100), data: '\u00e9'.repeat(5120) };
    expect(read(body)).toMatchObject({ channels: names(100) });
  });

  test.each<[object, string]>([
    [{ name: undefined }, 'Missing parameter: name'],
    [{ name: '' }, "Invalid event name: expected a non-empty string, got ''"],
    [{ name: 7 }, 'Invalid event name: expected a non-empty string, got 7'],
    [{ name: null }, 'Invalid event name: expected a non-empty string, got null'],
    [{ name: ['a'] }, 'Invalid event name: expected a non-empty string, got an array'],
    [{ name: 'x'.repeat(201) }, 'Invalid event name: it has 201 characters, at most 200 are accepted'],
    [{ name: 'pusher:a' }, "Invalid event name: 'pusher:a' starts with 'pusher:', which servers cannot send"],
    [
      { name: 'pusher_internal:a' },
      "Invalid event name: 'pusher_internal:a' starts with 'pusher_internal:', which servers cannot send",
    ],
    [{ name: 'client-a' }, "Invalid event name: 'client-a' starts with 'client-', which servers cannot send"],
    [{ data: undefined }, 'Missing parameter: data'],
    [{ channels: undefined }, 'Missing parameter: channels'],
    [{ channels: [] }, 'Invalid channels: expected an array of channel names, got an empty array'],
    [{ channels: 'a' }, "Invalid channels: expected an array of channel names, got 'a'"],
    [{ channels: null }, 'Missing parameter: channels'],
    [{ channels: null, channel: null }, 'Missing parameter: channels'],
    [{ channels: { 0: 'a' } }, 'Invalid channels: expected an array of channel names, got an object'],
    [{ channels: names(101) }, 'channels has 101 names, at most 100 are accepted'],
    [
      { channels: ['a', 'b c'] },
      "Invalid channel name: 'b c' (3 characters). A name has up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;",
    ],
    [
      { channels: ['a', 7] },
      'Invalid channel name: expected a string of up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;',
    ],
    [{ socket_id: '1' }, "Invalid socket id: expected digits.digits, got '1'"],
    [{ socket_id: 1.1 }, 'Invalid socket id: expected digits.digits, got 1.1'],
    [{ info: 'members' }, "Unknown info attribute 'members': expected one of user_count, subscription_count"],
    [
      { info: ['user_count'] },
      'Invalid info: expected a string of user_count, subscription_count, got an array',
    ],
  ])('with %j is refused with 400', (rest, text) => {
    expect(read({ ...valid, ...rest })).toEqual({ status: 400, text });
  });

  test.each(['x'.repeat(10_241), `${'\u00e9'.repeat(5120)}x`, 'x'.repeat(10_240).split('')])(
    'with more than 10,240 bytes of data is refused with 413',
    (data) => {
      expect(read({ ...valid, data })).toEqual({ status: 413, text: tooLarge });
    },
  );

  test.each(notRebuilt)('with the data %s has exactly that text', (source) => {
    const text = `{"data":0, "name":"news","channels":["a"],"d\\u0061ta" : ${source} ,"rest":{"data":1}}`;
    expect(decodeTrigger(text, [], limits)).toMatchObject({ data: source });
  });

  test('counts the white space within the data, which is forwarded', () => {
    const text = (spaces: number) => `{"name":"news","channels":["a"],"data":  [${' '.repeat(spaces)}]  }`;
    expect(decodeTrigger(text(10_238), [], limits)).toMatchObject({ data: `[${' '.repeat(10_238)}]` });
    expect(decodeTrigger(text(10_239), [], limits)).toEqual({ status: 413, text: tooLarge });
  });

  test('with data that is nested too deeply for the limit is refused without failing', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(decodeTrigger(`{"name":"news","channels":["a"],"data":${deep}}`, [], limits)).toEqual({
      status: 413,
      text: tooLarge,
    });
  });

  test('may have further fields, whatever their names', () => {
    expect(read({ ...valid, status: 500, text: 'x' })).toMatchObject({ name: 'news', data: 'x' });
  });

  test.each([
    ['{', 'text that is not JSON'],
    ['name=n&channel=a', 'text that is not JSON'],
    [' ', 'text that is not JSON'],
    ['[]', 'an empty array'],
    ['null', 'null'],
    ['"x"', 'a string'],
    [gzipSync('{}').toString(), 'compressed data; send it without Content-Encoding'],
  ])('is not a trigger if the body is %j, and the error says that it is %s', (text, got) => {
    const refusal = { status: 400, text: `Invalid body: expected a JSON object, got ${got}` };
    expect(decodeTrigger(text, [], limits)).toEqual(refusal);
    expect(decodeBatch(text, limits)).toEqual(refusal);
  });
});

describe('a batch', () => {
  const item = { name: 'news', channel: 'a', data: 'x' };

  test('is read in order, each item with one channel', () => {
    const batch = [item, { ...item, channel: 'b', socket_id: '1.2' }, item];
    expect(readBatch(batch)).toMatchObject([
      { channels: ['a'], except: undefined },
      { channels: ['b'], except: '1.2' },
      { channels: ['a'] },
    ]);
  });

  test('has for each item exactly the text of its data', () => {
    const items = ['"text"', ...notRebuilt].map(
      (source) => ` { "data" : ${source} , "name":"news","channel":"a"}\n`,
    );
    const triggers = decodeBatch(`{"batch":[],"batch":[${items.join(',')}]}`, {
      ...limits,
      eventsPerBatch: 100,
    });
    expect(triggers).toMatchObject(['text', ...notRebuilt].map((data) => ({ data })));
  });

  test('may have further fields, whatever their names', () => {
    expect(decodeBatch(JSON.stringify({ batch: [item], status: 500, text: 'x' }), limits)).toHaveLength(1);
  });

  test('may have 10 items', () => {
    expect(readBatch(Array.from({ length: 10 }, () => item))).toHaveLength(10);
  });

  test.each<[unknown, string]>([
    [undefined, 'Missing parameter: batch, an array of events'],
    [{}, 'Missing parameter: batch, an array of events'],
    [Array.from({ length: 11 }, () => item), 'batch has 11 events, at most 10 are accepted'],
    [[item, null], 'batch[1]: an event must be an object with name, channel and data'],
    [[[]], 'batch[0]: an event must be an object with name, channel and data'],
    [[item, { ...item, channel: undefined }], 'batch[1]: Missing parameter: channel'],
    [[{ ...item, name: undefined }], 'batch[0]: Missing parameter: name'],
    [[item, item, { ...item, data: undefined }], 'batch[2]: Missing parameter: data'],
  ])('%j is refused with 400', (batch, text) => {
    expect(readBatch(batch)).toEqual({ status: 400, text });
  });

  test('with one item too large is refused with 413', () => {
    const batch = [item, { ...item, data: 'x'.repeat(10_241) }];
    expect(readBatch(batch)).toEqual({ status: 413, text: `batch[1]: ${tooLarge}` });
  });
});

test.each([
  ['a,b', ['a', 'b']],
  [' b , a ,b', ['b', 'a']],
  [undefined, []],
  [null, []],
  ['', []],
])('the info %j requests %j', (info, attributes) => {
  expect(decodeInfo(info, ['a', 'b'])).toEqual(attributes);
});
