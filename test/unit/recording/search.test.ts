import { describe, expect, test } from 'vitest';
import { formatTimeOfDay, parseMoment } from '../../../src/recording/moments.ts';
import {
  isSearchFault,
  parseSearch,
  searchKeys,
  type SearchItem,
  type SearchValue,
} from '../../../src/recording/search.ts';

const nowMs = 1_700_000_000_000;

function item(
  fields: Readonly<Record<string, SearchValue>> = {},
  text = '',
  atMs: number = nowMs,
): SearchItem {
  return { fields, text: () => text, atMs };
}

function finds(search: string, of: SearchItem): boolean {
  const parsed = parseSearch(search, searchKeys, nowMs);
  if (isSearchFault(parsed)) throw new Error(parsed.message);
  return parsed.matches(of);
}

function faultOf(search: string): string {
  const parsed = parseSearch(search, searchKeys, nowMs);
  return isSearchFault(parsed) ? parsed.message : 'understood';
}

describe('a search', () => {
  test('finds everything if it is empty', () => {
    expect(finds('', item())).toBe(true);
    expect(finds('  ', item())).toBe(true);
  });

  test('finds a value under its key and ignores case', () => {
    const room = item({ channel: 'presence-Room' });
    expect(finds('channel:presence-room', room)).toBe(true);
    expect(finds('CHANNEL:Presence-ROOM', room)).toBe(true);
    expect(finds('channel:presence', room)).toBe(false);
    expect(finds('user:presence-room', room)).toBe(false);
  });

  test('matches any text with a star', () => {
    const room = item({ channel: 'presence-room-7' });
    for (const search of ['presence-*', '*-7', '*room*', 'p*r*7', '*', 'presence-room-7*']) {
      expect([search, finds(`channel:${search}`, room)]).toEqual([search, true]);
    }
    for (const search of ['room*', '*-8', 'p*x*7', 'presence-room-7*7']) {
      expect([search, finds(`channel:${search}`, room)]).toEqual([search, false]);
    }
  });

  test('matches if one of several values matches', () => {
    const both = item({ status: ['dropped', '503'] });
    expect(finds('status:dropped', both)).toBe(true);
    expect(finds('status:503', both)).toBe(true);
    expect(finds('status:delivered', both)).toBe(false);
  });

  test('compares numbers', () => {
    const four = item({ attempts: 4, channel: 'news' });
    for (const [search, isFound] of [
      ['attempts:>3', true],
      ['attempts:>4', false],
      ['attempts:>=4', true],
      ['attempts:<4', false],
      ['attempts:<=4', true],
      ['attempts:4', true],
      ['channel:>3', false],
      ['id:>3', false],
    ] as const) {
      expect([search, finds(search, four)]).toEqual([search, isFound]);
    }
  });

  test('matches classes of statuses', () => {
    expect(finds('status:5xx', item({ status: ['pending', '503'] }))).toBe(true);
    expect(finds('status:4XX', item({ status: ['pending', '503'] }))).toBe(false);
    expect(finds('channel:5xx', item({ channel: '503' }))).toBe(false);
  });

  test('finds words anywhere in the text, all of them', () => {
    const row = item({}, 'Socket 1.1 subscribed to news');
    expect(finds('SOCKET news', row)).toBe(true);
    expect(finds('soc*news', row)).toBe(true);
    expect(finds('socket weather', row)).toBe(false);
    expect(finds('"subscribed to"', row)).toBe(true);
    expect(finds('"to subscribed"', row)).toBe(false);
  });

  test('matches text in quotes literally', () => {
    expect(finds('channel:"a*b"', item({ channel: 'a*b' }))).toBe(true);
    expect(finds('channel:"a*b"', item({ channel: 'axb' }))).toBe(false);
    expect(finds('channel:"a b"*', item({ channel: 'a b c' }))).toBe(true);
    expect(finds('"http://receiver"', item({}, 'to http://receiver/hook'))).toBe(true);
    expect(finds('"-news"', item({}, 'the -news'))).toBe(true);
    expect(finds(String.raw`"say \"hi\""`, item({}, 'say "hi"'))).toBe(true);
    expect(finds('channel:">3"', item({ channel: '>3' }))).toBe(true);
  });

  test('excludes matches of a word with a minus', () => {
    const room = item({ channel: 'room' }, 'a room');
    expect(finds('-channel:room', room)).toBe(false);
    expect(finds('-channel:news', room)).toBe(true);
    expect(finds('-user:42', room)).toBe(true);
    expect(finds('-"a room"', room)).toBe(false);
    expect(finds('-', item({}, 'a - b'))).toBe(true);
  });

  test('compares times', () => {
    const tenMinutesAgo = item({}, '', nowMs - 600_000);
    expect(finds('since:10m', tenMinutesAgo)).toBe(true);
    expect(finds('since:9m', tenMinutesAgo)).toBe(false);
    expect(finds('until:9m', tenMinutesAgo)).toBe(true);
    expect(finds('-since:9m', tenMinutesAgo)).toBe(true);
    expect(finds('since:2023-11-14T22:03:20Z', tenMinutesAgo)).toBe(true);
    expect(finds('since:2023-11-14T22:03:21Z', tenMinutesAgo)).toBe(false);
  });

  test('reports what is invalid and what is accepted', () => {
    expect(faultOf('chanel:x')).toBe(
      "unknown search key 'chanel'; accepted keys are channel, user, event, endpoint, url, status, result, reason, attempts, id, socket, type, since, until. Put quotes around a word that contains a colon",
    );
    expect(faultOf('__proto__:x')).toContain("unknown search key '__proto__'");
    expect(faultOf('attempts:>many')).toBe("attempts: expected a number after >, got 'many'");
    expect(faultOf('attempts:>')).toBe("attempts: expected a number after >, got ''");
    expect(faultOf('since:yesterday')).toBe(
      "since: expected 10m, 2h, 30s or 1d ago, a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970, got 'yesterday'",
    );
    expect(faultOf('a "b c')).toBe('a quote is not closed: "b c');
    expect(faultOf('x'.repeat(1001))).toContain('1001 characters');
    expect(faultOf('a '.repeat(17))).toContain('17 words');
    expect(faultOf('x '.repeat(51))).toBe('at most 50 words are accepted');
  });
});

describe('a time', () => {
  test.each([
    ['30s', nowMs - 30_000],
    ['2h', nowMs - 7_200_000],
    ['1.5d', nowMs - 129_600_000],
    ['1700000000000', nowMs],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2024-02-29T13:14', Date.UTC(2024, 1, 29, 13, 14)],
    ['2024-02-29 13:14:15.5', Date.UTC(2024, 1, 29, 13, 14, 15, 500)],
    ['2024-02-29T13:14:15.123456+02:30', Date.UTC(2024, 1, 29, 10, 44, 15, 123)],
    ['2023-02-29', undefined],
    ['2024-13-01', undefined],
    ['2024-01-01T24:00', undefined],
    ['now', undefined],
    ['', undefined],
  ])('%s is %s', (text, moment) => {
    expect(parseMoment(text, nowMs)).toBe(moment);
  });

  test('is formatted as the time of day', () => {
    expect(formatTimeOfDay(Date.UTC(2026, 10, 27, 3, 4, 5, 6))).toBe('03:04:05.006 UTC');
    expect(formatTimeOfDay(-1)).toBe('23:59:59.999 UTC');
  });
});
