import { expect, test } from 'vitest';
import {
  axisTime,
  bytes,
  clockTime,
  duration,
  exactTime,
  listed,
  plural,
  rate,
  relative,
} from '../../../src/dashboard/page/format.ts';
import { changedLimits, limitTexts } from '../../../src/dashboard/page/settings/limit-draft.ts';
import { curlCommand } from '../../../src/dashboard/page/webhooks/curl.ts';
import { laravelCode, nextCode } from '../../../src/dashboard/page/webhooks/handler-code.ts';
import { toggledWord } from '../../../src/dashboard/page/webhooks/search-words.ts';
import { sinceText } from '../../../src/dashboard/page/webhooks/since.ts';
import { withKey } from '../../../src/dashboard/page/webhooks/with-key.ts';
import { linePath } from '../../../src/dashboard/page/components/sparkline-path.ts';

test('a span of time has one unit or two', () => {
  const spans = [-5, 12.4, 1200, 9999, 61_000, 3_599_900, 7_500_000, 90_000_000];
  expect(spans.map(duration)).toEqual([
    '0 s',
    '12 ms',
    '1.2 s',
    '10 s',
    '1 min 1 s',
    '60 min',
    '2 h 5 min',
    '1 d 1 h',
  ]);
});

test('a relative time has one unit', () => {
  const now = 1_000_000_000;
  expect(relative(now - 400, now)).toBe('just now');
  expect(relative(now - 61_000, now)).toBe('1 min ago');
  expect(relative(now + 7000, now)).toBe('in 7 s');
});

test('a time has its date unless it is today', () => {
  const at = new Date(2026, 0, 31, 9, 5, 7, 42).getTime();
  expect(clockTime(at, at)).toBe('09:05:07.042');
  expect(clockTime(at, at + 86_400_000)).toBe('2026-01-31 09:05:07.042');
  expect(exactTime(Number.NaN)).toBe('an unknown time');
});

test('a time on an axis has its date unless the axis is all of today', () => {
  const at = new Date(2026, 0, 31, 9, 5, 7, 420).getTime();
  const axis = (lengthMs: number, nowMs = at) => axisTime(at, { fromMs: at - lengthMs, toMs: at }, nowMs);
  expect([axis(1000), axis(60_000), axis(4 * 3_600_000)]).toEqual(['09:05:07.4', '09:05:07', '09:05:07']);
  expect([axis(86_400_000), axis(60_000, at + 86_400_000)]).toEqual(['01-31 09:05', '01-31 09:05:07']);
});

test('numbers agree with their nouns', () => {
  expect([plural(1, 'event'), plural(1234, 'event'), plural(2, 'delivery', 'deliveries')]).toEqual([
    '1 event',
    '1,234 events',
    '2 deliveries',
  ]);
  expect([rate(0), rate(0.42), rate(3), rate(1234)]).toEqual(['0', '0.4', '3', '1.2K']);
  expect([bytes(812), bytes(1229), bytes(8 * 1024 * 1024)]).toEqual(['812 B', '1.2 KB', '8 MB']);
  expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
});

test('a shell command contains the bytes that were sent', () => {
  const body = `{"data":"it's $HOME \`id\`"}`;
  const command = curlCommand(
    { url: 'https://example.com/a?b=1&c=2', body },
    { 'x-pusher-key': 'k', 'Content-Length': '9' },
  );
  expect(command).toBe(
    [
      String.raw`curl -i -X POST 'https://example.com/a?b=1&c=2' \ `.trimEnd(),
      String.raw`  -H 'x-pusher-key: k' \ `.trimEnd(),
      `  --data-binary '{"data":"it'\\''s $HOME \`id\`"}'`,
    ].join('\n'),
  );
});

test('a key that looks like code stays text in a handler', () => {
  expect(withKey(laravelCode, 'laravel', "a'b\\")).toContain(String.raw`!== 'a\'b\\'`);
  expect(withKey(nextCode, 'next', 'a"b$&')).toContain(String.raw`!== "a\"b$&"`);
  expect(withKey(nextCode, 'next', 'shop-key')).toContain('The secret is that of key shop-key\n');
  expect(withKey(nextCode, 'next', 'shop-key')).not.toContain('KEY');
});

test('a filter replaces another one with the same key', () => {
  expect(toggledWord('news status:5xx', 'status:dropped')).toBe('news status:dropped');
  expect(toggledWord('news status:dropped', 'status:dropped')).toBe('news');
});

test('an age becomes a time, and any other text is left to the server', () => {
  expect(sinceText('10m', Date.UTC(2026, 0, 31, 12))).toBe('2026-01-31T11:50:00.000Z');
  expect(sinceText(' 2026-01-31 ', 0)).toBe('2026-01-31');
  expect(sinceText('yesterday', 0)).toBe('yesterday');
});

test('limits that were not changed are not sent', () => {
  const before = { connections: null, watchlist: 100 };
  expect(changedLimits(before, limitTexts(before))).toEqual({});
  expect(changedLimits(before, { connections: '5', watchlist: '' })).toEqual({
    connections: 5,
    watchlist: null,
  });
  expect(changedLimits(before, { connections: '1e3' })).toContain('connections must be a whole number');
});

test('a line stays within its box and needs two points', () => {
  expect(linePath([4])).toBe('');
  expect(linePath([0, 4, -1])).toBe('M0.0 26.5 L60.0 1.5 L120.0 26.5');
});
