import { describe, expect, test } from 'vitest';
import { refuseSubscription } from '../../../src/auth/channel-auth.ts';
import { socketIdOf } from '../../support/unit/application.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface Accepted {
  readonly source: string;
  readonly title: string;
  readonly channel: string;
  readonly channelData?: string;
  readonly signature: string;
}

interface Vectors {
  readonly app: { readonly key: string; readonly secret: string };
  readonly socketId: string;
  readonly accepted: readonly [Accepted, ...Accepted[]];
}

const { app, socketId, accepted } = vectors('channel-auth') as Vectors;
const good = accepted[0].signature;

function refusal(auth: string | undefined, channel = 'private-foobar', channelData?: string) {
  return refuseSubscription(
    { ...app, otherKeys: [] },
    { socketId: socketIdOf(socketId), channel, auth, channelData },
  );
}

describe('the authorization of a subscription', () => {
  test.each(accepted)('is accepted: $title ($source)', ({ channel, channelData, signature }) => {
    expect(refusal(`${app.key}:${signature}`, channel, channelData)).toBeUndefined();
  });

  test.each(accepted)('is refused with one digit changed: $title', ({ channel, channelData, signature }) => {
    const changed = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
    const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
    expect(refusal(`${app.key}:${changed}`, channel, channelData)).toMatchObject({
      code: null,
      message: `Invalid signature: Expected HMAC SHA256 hex digest of ${signed}, but got ${changed}`,
    });
  });

  test('covers the exact bytes of channel_data', () => {
    const [, presence] = accepted;
    const auth = `${app.key}:${presence?.signature}`;
    const spaced = presence?.channelData?.replace(':', ': ');
    expect(refusal(auth, 'presence-foobar', spaced)).toMatchObject({ code: null });
    expect(refusal(auth, 'presence-foobar')).toMatchObject({ code: null });
  });

  test('is refused with the key of another app, although the signature is right', () => {
    expect(refusal(`other:${good}`)).toMatchObject({
      code: null,
      message: "Invalid key in subscription auth data: 'other'",
    });
    expect(refusal(`:${good}`)).toMatchObject({
      code: null,
      message: "Invalid key in subscription auth data: ''",
    });
  });

  test.each([undefined, '', 'no-colon', good])('%s is not a valid KEY:SIGNATURE', (auth) => {
    expect(refusal(auth)).toMatchObject({
      code: null,
      message:
        "Invalid auth for channel private-foobar: expected 'KEY:SIGNATURE', which your server's channel authorization endpoint returns",
    });
  });

  test.each([
    '',
    'zz',
    good.toUpperCase(),
    good.slice(1),
    `${good}00`,
    ` ${good}`,
    'z'.repeat(64),
    '\ud83d\udd11',
  ])('with the malformed signature "%s" is refused', (signature) => {
    expect(refusal(`${app.key}:${signature}`)).toMatchObject({ code: null });
  });

  test('is accepted with any key pair of the app, but not with mixed pairs', () => {
    const [{ channel, signature }] = accepted;
    const ring = { key: 'oldest', secret: 'tofu', otherKeys: [app, { key: 'newest', secret: 's' }] };
    const claim = { socketId: socketIdOf(socketId), channel, channelData: undefined };
    expect(refuseSubscription(ring, { ...claim, auth: `${app.key}:${signature}` })).toBeUndefined();
    for (const key of ['oldest', 'newest', 'nobody']) {
      expect(refuseSubscription(ring, { ...claim, auth: `${key}:${signature}` })).toMatchObject({
        code: null,
      });
    }
  });

  test('never reveals the expected signature', () => {
    for (const auth of [`${app.key}:00`, `other:${good.slice(1)}`, '', undefined]) {
      expect(JSON.stringify(refusal(auth))).not.toContain(good);
    }
  });
});
