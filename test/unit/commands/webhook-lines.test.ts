import { describe, expect, test } from 'vitest';
import { Counter } from '../../../src/commands/listen-printers.ts';
import { paintFor, withColours, withoutColours } from '../../../src/commands/paint.ts';
import { formatForwarded, formatSummary, formatWebhook } from '../../../src/commands/webhook-lines.ts';
import type { ReceivedWebhook } from '../../../src/receiver/types.ts';

const webhook: ReceivedWebhook = {
  path: '/hook',
  headers: { 'x-pusher-key': 'app-key' },
  body: '{}',
  verdict: { verified: true },
  events: [
    { name: 'member_added', channel: 'presence-a', user_id: '7' },
    { name: 'client_event', channel: 'private-a', event: 'client-x', data: '{"a":1}', socket_id: '1.2' },
    { name: 'subscription_count', channel: 'news', subscription_count: 3 },
    { name: 'cache_miss', channel: 'cache-a' },
  ],
  timeMs: 1_699_999_999_990,
  id: 'msg_1',
  attempt: 1,
  receivedAt: 1_700_000_000_002,
  status: 200,
  delayMs: 0,
  isAccepted: true,
  isDuplicate: false,
  isTest: false,
};

function format(changes: Partial<ReceivedWebhook>, paint = withoutColours): string[] {
  return formatWebhook({ ...webhook, ...changes }, paint).split('\n');
}

describe('a webhook at the terminal', () => {
  test('is a block with its result, its origin and its events', () => {
    const [head, ...rest] = format({});
    expect(head).toMatch(/^\d\d:\d\d:\d\d\.002 POST \/hook verified, answered 200$/);
    expect(rest).toEqual([
      '  key app-key, webhook-id msg_1, 2 bytes, created 12 ms ago',
      '  member_added       presence-a, user 7',
      '  client_event       private-a, client-x from 1.2: {"a":1}',
      '  subscription_count news, 3 subscribed',
      '  cache_miss         cache-a',
      '',
    ]);
  });

  test('that is not verified has a reason, and its body is shown if it is malformed', () => {
    const [head, reason, , body] = format({
      verdict: { verified: false, reason: 'wrong_header', message: 'it came\u001b[2J elsewhere' },
      events: [],
      body: 'a\nb\u0007',
      status: 401,
    });
    expect(head).toMatch(/ not verified \(wrong header\), answered 401$/);
    expect(reason).toBe('  it came\\u{1b}[2J elsewhere');
    expect(body).toBe('  body: a b\\u{7}');
  });

  test.each<[Partial<ReceivedWebhook>, RegExp]>([
    [{ status: 'hang' }, /verified, no answer$/],
    [{ status: 'reset' }, /verified, connection reset$/],
    [{ status: 503, delayMs: 5000 }, /answered 503 after 5000 ms$/],
    [{ attempt: 3, isDuplicate: true }, /answered 200, attempt 3, a duplicate of one that was accepted$/],
    [{ isTest: true }, /answered 200, a test, which does not count$/],
  ])('states its result: %j', (changes, expected) => {
    expect(format(changes)[0]).toMatch(expected);
  });

  test('is green when it is verified, and red when it is not', () => {
    expect(format({}, withColours)[0]).toContain('\u001b[32mverified\u001b[39m, answered 200');
    expect(format({ status: 500 }, withColours)[0]).toContain('\u001b[31manswered 500\u001b[39m');
  });
});

test.each([
  ['too_old', 'Does it compare time_ms with its clock?'],
  ['malformed', 'Does it check the body?'],
  ['wrong_secret', 'Does it verify signatures?'],
] as const)('a backend that accepts a webhook that is not verified (%s) gets a hint', (reason, hint) => {
  const verdict = { verified: false, reason, message: '' } as const;
  const forwarded = { url: 'http://b/', status: 200, elapsedMs: 3 };
  expect(formatForwarded({ ...webhook, verdict }, forwarded, withoutColours)).toBe(
    `  http://b/ answered 200 in 3 ms\n  The backend accepted a webhook that is not verified. ${hint}\n`,
  );
});

describe('colours', () => {
  test('are for terminals that have them', () => {
    const on = (isTTY: boolean, hasColors: boolean) => paintFor({ isTTY, hasColors: () => hasColors });
    expect(on(true, true)).toBe(withColours);
    expect(on(true, false)).toBe(withoutColours);
    expect(on(false, true)).toBe(withoutColours);
  });
});

test('the summary contains the counts, the state and the contradictions', () => {
  const tally = {
    webhooks: 1,
    verified: 0,
    notAccepted: 0,
    duplicates: 2,
    refused: new Map([['wrong_secret', 1]]),
    events: new Map([['member_added', 2]]),
  };
  const state = {
    occupied: ['news', 'presence-a'],
    members: { 'presence-a': ['7', '8'] },
    subscriptionCounts: {},
    contradictions: ['news was occupied, but it already was'],
  };
  expect(formatSummary(tally, state, withoutColours)).toBe(
    `
1 webhook: 0 verified, not verified: 1 wrong secret, 2 duplicates
accepted events: 2 member_added
occupied: news, presence-a
members:
  presence-a: 7, 8
contradiction: news was occupied, but it already was
`,
  );
});

test('the summary counts webhooks that were verified, but not answered with 2xx', () => {
  const counter = new Counter();
  const refused = { status: 500, isAccepted: false } as const;
  for (const change of [{}, refused, { ...refused, attempt: 2 }]) counter.count({ ...webhook, ...change });
  const state = { occupied: [], members: {}, subscriptionCounts: {}, contradictions: [] };
  expect(formatSummary(counter, state, withoutColours)).toBe(
    `
3 webhooks: 3 verified, 2 not accepted
accepted events: 1 member_added, 1 client_event, 1 subscription_count, 1 cache_miss
occupied: no channel
`,
  );
});
