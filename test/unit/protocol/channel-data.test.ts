import { describe, expect, test } from 'vitest';
import { parseChannelData } from '../../../src/protocol/channel-data.ts';
import { limits } from '../../support/unit/application.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';

const parse = (value: unknown) => parseChannelData(JSON.stringify(value), limits);
const refused = (why: string) => ({
  error: { code: null, reason: 'invalid_channel_data', message: `Invalid channel_data: ${why}` },
});

describe('channel data', () => {
  test.each([
    ['{"user_id":"7"}', '7', 'null'],
    ['{"user_id":10,"user_info":{"name":"Mr. Channels"}}', '10', '{"name":"Mr. Channels"}'],
    ['{"user_id":9007199254740992}', '9007199254740992', 'null'],
    ['{"user_id":0}', '0', 'null'],
    ['{"user_id":"7","user_info":null}', '7', 'null'],
    ['{"user_id":"7","user_info":"x"}', '7', '"x"'],
    ['{"user_id":"7","user_info":""}', '7', '""'],
    ['{"user_id":"7","user_info":[1, 2]}', '7', '[1, 2]'],
    ['{"user_id":"a+b@example.com"}', 'a+b@example.com', 'null'],
    ['{"user_id":"__proto__","user_info":{"__proto__":1}}', '__proto__', '{"__proto__":1}'],
    [' {"user_id" : "7" , "other" : 1} ', '7', 'null'],
  ])('%s is a member', (text, userId, infoJson) => {
    expect(parseChannelData(text, limits)).toEqual({ userId, infoJson });
  });

  test.each([
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['12345678901234567890', '12345678901234567890'],
    ['-0', '0'],
    ['1.0', '1'],
    ['1e3', '1000'],
    ['1e400', '1e400'],
  ])('the number %s is the user id %s', (source, userId) => {
    expect(parseChannelData(`{"user_id":${source}}`, limits)).toEqual({ userId, infoJson: 'null' });
    expect(parseChannelData(`{"user_id":"x", "user\\u005fid" : ${source} }`, limits)).toMatchObject({
      userId,
    });
  });

  test.each(notRebuilt)('the info %s stays exactly that text', (source) => {
    const text = `{"user_info":0,"user_id":"7", "user\\u005finfo" :\t${source} ,"rest":{"user_info":1}}`;
    expect(parseChannelData(text, limits)).toEqual({ userId: '7', infoJson: source });
  });

  test('is the text that was signed, in which half of a surrogate pair is U+FFFD', () => {
    expect(parseChannelData('{"user_id":"\ud800","user_info":"\udc00"}', limits)).toEqual({
      userId: '\ufffd',
      infoJson: '"\ufffd"',
    });
  });

  test('a user id with half of a surrogate pair is refused, because all such ids would be one in UTF-8', () => {
    const why = 'user_id contains half of a surrogate pair, which is not a character';
    expect(parseChannelData('{"user_id":"a\\ud800"}', limits)).toEqual(refused(why));
    expect(parseChannelData('{"user_id":"\\ud83d\\ude00"}', limits)).toMatchObject({ userId: '\u{1f600}' });
  });

  test.each(['', 'x', '{', '[]', 'null', '7', '"x"'])('%j is not the JSON of an object', (text) => {
    expect(parseChannelData(text, limits)).toEqual(refused('expected the JSON text of an object'));
  });

  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    ['', 'an empty string'],
    [true, 'a boolean'],
    [false, 'a boolean'],
    [{}, 'an object'],
    [[], 'an empty array'],
    [['7'], 'an array'],
  ])('the user id %j is refused, and the error says that it is %s', (id, kind) => {
    const why = `user_id must be a non-empty string or a number, got ${kind}`;
    expect(parse({ user_id: id })).toEqual(refused(why));
  });

  test('a user id has up to 128 characters', () => {
    expect(parse({ user_id: 'u'.repeat(128) })).toMatchObject({ userId: 'u'.repeat(128) });
    expect(parse({ user_id: 'u'.repeat(129) })).toEqual(
      refused('user_id has 129 characters, at most 128 are accepted'),
    );
  });

  test('the info has up to 1,024 bytes of JSON', () => {
    expect(parse({ user_id: '7', user_info: '\u00e9'.repeat(511) })).not.toHaveProperty('error');
    expect(parse({ user_id: '7', user_info: `${'\u00e9'.repeat(511)}x` })).toEqual(
      refused('user_info has 1025 bytes, at most 1024 are accepted'),
    );
    // White space of the sender is forwarded, so it counts.
    const spaced = (spaces: number) => `{"user_id":"7","user_info":  [${' '.repeat(spaces)}]  }`;
    expect(parseChannelData(spaced(1022), limits)).not.toHaveProperty('error');
    expect(parseChannelData(spaced(1023), limits)).toEqual(
      refused('user_info has 1025 bytes, at most 1024 are accepted'),
    );
  });

  test('info that is nested too deeply for the limit is refused without failing', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(parseChannelData(`{"user_id":"7","user_info":${deep}}`, limits)).toEqual(
      refused('user_info has 200000 bytes, at most 1024 are accepted'),
    );
  });
});
