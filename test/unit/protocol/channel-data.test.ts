import { describe, expect, test } from 'vitest';
import { parseChannelData } from '../../../src/protocol/channel-data.ts';
import { limits } from '../../support/unit/application.ts';

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
    ['{"user_id":"7","user_info":[1, 2]}', '7', '[1,2]'],
    ['{"user_id":"a+b@example.com"}', 'a+b@example.com', 'null'],
    ['{"user_id":"__proto__","user_info":{"__proto__":1}}', '__proto__', '{"__proto__":1}'],
    ['{"user_id":"\\ud800"}', '\ud800', 'null'],
    [' {"user_id" : "7" , "other" : 1} ', '7', 'null'],
  ])('%s is a member', (text, userId, infoJson) => {
    expect(parseChannelData(text, limits)).toEqual({ userId, infoJson });
  });

  test.each(['', 'x', '{', '[]', 'null', '7', '"x"'])('%j is not the JSON of an object', (text) => {
    expect(parseChannelData(text, limits)).toEqual(refused('expected the JSON text of an object'));
  });

  test.each([[undefined], [null], [''], [true], [false], [{}], [[]], [['7']]])(
    'the user id %j is refused',
    (id) => {
      expect(parse({ user_id: id })).toEqual(refused('user_id must be a non-empty string or a number'));
    },
  );

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
    // Space that the sender wrote counts for nothing.
    const spaced = `{"user_id":"7","user_info":[${' '.repeat(5000)}]}`;
    expect(parseChannelData(spaced, limits)).toEqual({ userId: '7', infoJson: '[]' });
  });

  test('R13: info that is nested too deeply is refused, not fatal', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(parseChannelData(`{"user_id":"7","user_info":${deep}}`, limits)).toEqual(
      refused('user_info is nested too deeply'),
    );
  });
});
