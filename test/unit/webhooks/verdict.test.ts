import { describe, expect, test } from 'vitest';
import { eventNames, isWebhookEvent } from '../../../src/webhooks/event.ts';
import { exampleOf } from '../../../src/webhooks/example-event.ts';
import { channelKind } from '../../../src/protocol/channel-name.ts';
import { verdictOf } from '../../../src/webhooks/verdict.ts';

describe('the explanation of a response', () => {
  test.each([
    [200, 'accepted it (200)'],
    [204, 'accepted it (204)'],
    [400, 'Only 2xx counts as accepted'],
    [401, 'over the raw bytes'],
    [403, 'with the secret of this app'],
    [404, 'Compare the path'],
    [405, 'does not accept POST'],
    [413, 'too large'],
    [415, 'application/json'],
    [418, 'refused the request (418)'],
    [429, 'fewer requests'],
    [500, 'failed (500)'],
    [503, 'currently unavailable'],
    [599, 'failed (599)'],
  ])('with the status %d states what to do', (status, sentence) => {
    expect(verdictOf({ kind: 'answered', status })).toContain(sentence);
  });

  test('with a redirect contains the target, shortened', () => {
    const location = `https://example.com/${'x'.repeat(1000)}`;
    const verdict = verdictOf({ kind: 'answered', status: 301, location });
    expect(verdict).toContain('redirects to https://example.com/');
    expect(verdict.length).toBeLessThan(500);
    expect(verdictOf({ kind: 'answered', status: 304 })).toContain('redirects (304)');
  });

  test.each([
    ['ECONNREFUSED', 'Nothing listens'],
    ['ENOTFOUND', 'has no address'],
    ['ADDRESS_NOT_PUBLIC', 'private address'],
    ['DNS_SERVFAIL', 'name servers'],
    ['CERT_HAS_EXPIRED', 'has expired'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'not trusted'],
    ['HPE_INVALID_CONSTANT', 'not valid HTTP'],
    ['constructor', 'could not be reached. (constructor)'],
  ])('that is missing because of %s states why', (code, sentence) => {
    const verdict = verdictOf({ kind: 'unreachable', code });
    expect(verdict).toContain(sentence);
    expect(verdict).toContain(code);
  });

  test('that came too late states how to be in time', () => {
    expect(verdictOf({ kind: 'timeout' })).toContain('do the work afterwards');
  });
});

test.each(eventNames)('the example of %s is realistic', (name) => {
  const event = exampleOf(name);
  expect(event.name).toBe(name);
  expect(isWebhookEvent(event)).toBe(true);
  const { access, isCache } = channelKind(event.channel);
  expect(access === 'presence').toBe(name.startsWith('member_'));
  expect(isCache).toBe(name === 'cache_miss');
});
