import { describe, expect, test } from 'vitest';
import { parseUserData } from '../../../src/protocol/user-data.ts';
import { limits } from '../../support/unit/application.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';

const parse = (value: unknown) => parseUserData(JSON.stringify(value), limits);
const refused = (why: string) => ({
  error: { code: null, reason: 'invalid_user_data', message: `Invalid user_data: ${why}` },
});
const user = (userId: string, rest: object = {}) => ({
  userId,
  infoJson: 'null',
  watchlist: [],
  isWatchlistCut: false,
  ...rest,
});
const ids = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);

const badId = 'id must be a string of 1 to 128 of the characters A-Z a-z 0-9 _ - = @ , . ;';
const badWatchlist = 'watchlist must be a list of user ids, which are non-empty strings';

describe('user data', () => {
  test.each([
    ['{"id":"7"}', user('7')],
    ['{"id":"12345","user_info":{"n":1}}', user('12345', { infoJson: '{"n":1}' })],
    ['{"id":"7","user_info":null}', user('7')],
    ['{"id":"7","user_info":"x"}', user('7', { infoJson: '"x"' })],
    ['{"id":"7","user_info":"\\ud800"}', user('7', { infoJson: String.raw`"\ud800"` })],
    ['{"id":"7","user_info":{"__proto__":1}}', user('7', { infoJson: '{"__proto__":1}' })],
    ['{"id":"a_-=@,.;Z9"}', user('a_-=@,.;Z9')],
    ['{"id":"__proto__"}', user('__proto__')],
    ['{"id":"7","__proto__":{"id":"8","watchlist":["9"]}}', user('7')],
    [' {"id" : "7" , "other" : 1} ', user('7')],
    ['{"id":"7","watchlist":[]}', user('7')],
    // A typed server writes null for what it does not have.
    ['{"id":"7","watchlist":null}', user('7')],
    ['{"id":"7","watchlist":["8","9"]}', user('7', { watchlist: ['8', '9'] })],
    ['{"id":"7","watchlist":["8","9","8","7"]}', user('7', { watchlist: ['8', '9', '7'] })],
    ['{"id":"7","watchlist":["__proto__","\\ud800","a b"]}', { watchlist: ['__proto__', '\ud800', 'a b'] }],
  ])('%s is a user', (text, expected) => {
    expect(parseUserData(text, limits)).toMatchObject(expected);
  });

  test.each(notRebuilt)('the info %s stays exactly that text', (source) => {
    const text = `{"user_info":0,"id":"7", "user\\u005finfo" :\t${source} ,"rest":{"user_info":1}}`;
    expect(parseUserData(text, limits)).toEqual(user('7', { infoJson: source }));
  });

  test('is the text that was signed, in which half of a surrogate pair is U+FFFD', () => {
    expect(parseUserData('{"id":"7","user_info":"\udc00"}', limits)).toMatchObject({ infoJson: '"\ufffd"' });
  });

  test.each(['', 'x', '{', '[]', 'null', '7', '"7"'])('%j is not the JSON of an object', (text) => {
    expect(parseUserData(text, limits)).toEqual(refused('expected the JSON text of an object'));
  });

  test.each([
    [undefined],
    [null],
    [''],
    [7],
    [true],
    [{}],
    [['7']],
    ['a b'],
    ['a+b'],
    ['a/b'],
    ['a\n'],
    ['#7'],
    ['\u00e9'],
    ['\ud800'],
    ['u'.repeat(129)],
  ])('the id %j is refused', (id) => {
    expect(parse({ id })).toEqual(refused(badId));
  });

  test('an inherited id does not count', () => {
    expect(parseUserData('{"__proto__":{"id":"7"}}', limits)).toEqual(refused(badId));
  });

  test('an id has up to 128 characters', () => {
    expect(parse({ id: 'u'.repeat(128) })).toMatchObject({ userId: 'u'.repeat(128) });
  });

  test('the info has up to 1,024 bytes of JSON', () => {
    expect(parse({ id: '7', user_info: '\u00e9'.repeat(511) })).not.toHaveProperty('error');
    expect(parse({ id: '7', user_info: `${'\u00e9'.repeat(511)}x` })).toEqual(
      refused('user_info has 1025 bytes, at most 1024 are accepted'),
    );
  });

  test.each([['8'], [false], [{ 0: '8', length: 1 }], [7], [[8]], [['8', '']], [['8', null]], [[['8']]]])(
    'the watchlist %j is refused',
    (watchlist) => {
      expect(parse({ id: '7', watchlist })).toEqual(refused(badWatchlist));
    },
  );

  test('a watchlist has the first 100 users, each counted once', () => {
    expect(parse({ id: '7', watchlist: ids(100) })).toMatchObject({
      watchlist: ids(100),
      isWatchlistCut: false,
    });
    expect(parse({ id: '7', watchlist: [...ids(100), ...ids(100)] })).toMatchObject({
      watchlist: ids(100),
      isWatchlistCut: false,
    });
    expect(parse({ id: '7', watchlist: [...ids(100), 'one-more'] })).toMatchObject({
      watchlist: ids(100),
      isWatchlistCut: true,
    });
  });

  test('may have another limit', () => {
    const given = { userIdLength: 2, userInfoBytes: 4, watchlist: 1 };
    expect(parseUserData('{"id":"ab","user_info":null,"watchlist":["x","y"]}', given)).toEqual(
      user('ab', { watchlist: ['x'], isWatchlistCut: true }),
    );
    expect(parseUserData('{"id":"abc"}', given)).toMatchObject({
      error: { message: expect.stringContaining('1 to 2') as string },
    });
    expect(parseUserData('{"id":"a","user_info":12345}', given)).toHaveProperty('error');
  });

  test('is refused without failing if it is nested too deeply', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(parseUserData(`{"id":"7","user_info":${deep}}`, limits)).toEqual(
      refused('user_info has 200000 bytes, at most 1024 are accepted'),
    );
    expect(parseUserData(`{"id":"7","watchlist":${deep}}`, limits)).toEqual(refused(badWatchlist));
    expect(parseUserData(`{"id":${deep}}`, limits)).toEqual(refused(badId));
    expect(parseUserData(deep, limits)).toEqual(refused('expected the JSON text of an object'));
  });
});
