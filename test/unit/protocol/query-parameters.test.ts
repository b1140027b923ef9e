import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../../src/protocol/query.ts';
import { decodeTrigger, withQueryParameters } from '../../../src/protocol/trigger-request.ts';
import { limits } from '../../support/unit/application.ts';

const signature = 'auth_key=k&auth_timestamp=1&auth_version=1.0&body_md5=0&auth_signature=s';
const merge = (body: object, rawQuery: string) =>
  withQueryParameters(body as Readonly<Record<string, unknown>>, parseQuery(`${signature}&${rawQuery}`));
const trigger = (body: object, rawQuery: string) =>
  decodeTrigger(JSON.stringify(body), parseQuery(`${signature}&${rawQuery}`), limits);

describe('parameters in the query string', () => {
  test('make a complete trigger without a body', () => {
    expect(trigger({}, 'name=news&data=%7B%7D&channel=a&socket_id=1.2&info=user_count')).toEqual({
      name: 'news',
      data: '{}',
      channels: ['a'],
      except: '1.2',
      info: ['user_count'],
    });
  });

  test('are only the signature in most requests, and the body stays unchanged', () => {
    const body = { name: 'news' };
    expect(withQueryParameters(body, parseQuery(signature))).toBe(body);
  });

  test.each([
    ['name', 'mine'],
    ['data', 'mine'],
    ['channel', 'mine'],
    ['socket_id', '1.1'],
    ['info', 'user_count'],
    ['data', ''],
    ['data', null],
    ['data', 0],
    ['name', null],
  ])('do not replace %s of the body, even if it is %j', (key, value) => {
    expect(merge({ [key]: value }, `${key}=theirs`)).toMatchObject({ [key]: value });
  });

  test('do not replace data of null, whatever they are', () => {
    expect(trigger({ name: 'n', channel: 'a', data: null }, 'info=subscription_count')).toMatchObject({
      data: 'null',
      info: ['subscription_count'],
    });
  });

  test('may give several channels as channels[]', () => {
    expect(trigger({ name: 'n', data: 'x' }, 'channels[]=a&channels[]=b&channels%5B%5D=c')).toMatchObject({
      channels: ['a', 'b', 'c'],
    });
    expect(trigger({ name: 'n', data: 'x', channels: null }, 'channels[]=a')).toMatchObject({
      channels: ['a'],
    });
    expect(trigger({ name: 'n', data: 'x' }, 'channels[]=a%20b')).toMatchObject({ status: 400 });
  });

  test.each([{ channels: ['mine'] }, { channel: 'mine' }])(
    'give no channels for the body %j, which has its own',
    (body) => {
      const given = { name: 'n', data: 'x', ...body };
      expect(trigger(given, 'channels[]=theirs')).toMatchObject({ channels: ['mine'] });
      expect(trigger(given, 'channel=theirs')).toMatchObject({ channels: ['mine'] });
    },
  );

  test('that are unknown are not part of the event', () => {
    const rest = 'other=1&batch=x&__proto__=x&constructor=x';
    const merged = merge({ name: 'n' }, rest);
    expect(Object.entries(merged).filter(([, value]) => value !== undefined)).toEqual([['name', 'n']]);
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });

  test('count with their first value', () => {
    expect(merge({}, 'name=first&name=second')).toMatchObject({ name: 'first' });
  });

  test('are checked like those of the body', () => {
    expect(trigger({}, 'name=pusher:x&data=x&channel=a')).toMatchObject({ status: 400 });
    expect(trigger({}, 'name=n&data=x&channel=a&socket_id=1')).toMatchObject({ status: 400 });
    expect(trigger({}, `name=n&data=${'x'.repeat(10_241)}&channel=a`)).toMatchObject({ status: 413 });
    expect(trigger({}, 'name=n&channel=a')).toEqual({ status: 400, text: 'Missing parameter: data' });
  });
});
