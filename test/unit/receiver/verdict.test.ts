import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { judgeWebhook } from '../../../src/receiver/verdict.ts';

const secret = 'app-secret';

function judged(text: string, nowMs = 5, maxAgeMs = 300_000) {
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  const headers = { 'x-pusher-signature': signature };
  return judgeWebhook({ headers, body: Buffer.from(text) }, { secrets: secret, maxAgeMs }, nowMs);
}

describe('the verdict on a webhook', () => {
  const text = '{"time_ms":5,"events":[{"name":"cache_miss","channel":"cache-a"}]}';
  const body = { time_ms: 5, events: [{ name: 'cache_miss', channel: 'cache-a' }] };

  test('accepts a signed, recent and well-formed webhook', () => {
    expect(judged(text)).toEqual({ verdict: { verified: true }, body });
  });

  test('rejects a webhook that is older than Pusher libraries accept', () => {
    expect(judged(text, 300_005).verdict).toEqual({ verified: true });
    expect(judged(text, 300_006)).toEqual({
      verdict: {
        verified: false,
        reason: 'too_old',
        message: expect.stringContaining('300001 ms ago; expected at most 300000 ms') as string,
      },
      body,
    });
    expect(judged(text, 1e15, Infinity).verdict).toEqual({ verified: true });
  });

  test.each([
    ['', 'the body is empty'],
    ['{}', 'time_ms: expected whole milliseconds, got nothing'],
  ])('rejects the body %j, signed or not', (bad, message) => {
    expect(judged(bad)).toEqual({
      verdict: { verified: false, reason: 'malformed', message },
      body: undefined,
    });
  });

  test('names the signature first, and still contains the body', () => {
    const result = judgeWebhook(
      { headers: {}, body: Buffer.from(text) },
      { secrets: secret, maxAgeMs: 0 },
      9e9,
    );
    expect(result).toMatchObject({ verdict: { verified: false, reason: 'missing_signature' }, body });
  });
});
