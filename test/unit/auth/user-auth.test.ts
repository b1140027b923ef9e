import { describe, expect, test } from 'vitest';
import { refuseSignIn } from '../../../src/auth/user-auth.ts';
import { socketIdOf } from '../../support/unit/application.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface Accepted {
  readonly source: string;
  readonly title: string;
  readonly userData: string;
  readonly signature: string;
}

interface Vectors {
  readonly app: { readonly key: string; readonly secret: string };
  readonly socketId: string;
  readonly accepted: readonly [Accepted, ...Accepted[]];
}

const { app, socketId, accepted } = vectors('user-auth') as Vectors;
const [documented] = accepted;

function refusal(auth: string | undefined, userData = documented.userData, otherKeys: (typeof app)[] = []) {
  return refuseSignIn({ ...app, otherKeys }, { socketId: socketIdOf(socketId), auth, userData });
}

describe('the authorization of a sign-in', () => {
  test.each(accepted)('is accepted: $title ($source)', ({ userData, signature }) => {
    expect(refusal(`${app.key}:${signature}`, userData)).toBeUndefined();
  });

  test.each(accepted)('is refused with one digit changed: $title', ({ userData, signature }) => {
    const changed = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
    expect(refusal(`${app.key}:${changed}`, userData)).toMatchObject({
      code: null,
      message: `Invalid signature: Expected HMAC SHA256 hex digest of ${socketId}::user::${userData}, but got ${changed}`,
    });
  });

  test('covers the exact bytes of user_data', () => {
    expect(refusal(`${app.key}:${documented.signature}`, '{"id": "12345"}')).toMatchObject({ code: null });
  });

  test('does not accept the signature of a channel or of another socket', () => {
    // The signature of `1234.1234:private-foobar`, an example in the documentation.
    const ofChannel = '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4';
    expect(refusal(`${app.key}:${ofChannel}`)).toMatchObject({ code: null });
    const claim = {
      socketId: socketIdOf('1234.1235'),
      auth: `${app.key}:${documented.signature}`,
      userData: documented.userData,
    };
    expect(refuseSignIn({ ...app, otherKeys: [] }, claim)).toMatchObject({ code: null });
  });

  test.each([undefined, '', 'no-colon', documented.signature])(
    'in a malformed form (%s) is refused with an explanation',
    (auth) => {
      expect(refusal(auth)).toMatchObject({
        code: null,
        message:
          "Invalid auth for sign-in: expected 'KEY:SIGNATURE', which your server's user authentication endpoint returns",
      });
    },
  );

  test.each([
    ['other', 'other'],
    ['', ''],
    // A form that an example in the documentation shows by mistake.
    [`${app.key}::user:`, `${app.key}::user:`],
    [app.key.toUpperCase(), app.key.toUpperCase()],
    ['k'.repeat(300), `${'k'.repeat(200)}...`],
  ])('with the key %.40s is refused', (key, named) => {
    expect(refusal(`${key}:${documented.signature}`)).toMatchObject({
      code: null,
      message: `Invalid key in user auth data: '${named}'`,
    });
  });

  test('is accepted with any key pair of the app, but not with mixed pairs', () => {
    const signedElsewhere = '124e4bf8c33e750f439615625701df38c26e7439d4f94a76c518c4228ecc5770';
    const pair = { key: 'second', secret: 'tofu' };
    expect(refusal(`second:${documented.signature}`, documented.userData, [pair])).toMatchObject({
      message: expect.stringMatching(/^Invalid signature: /) as string,
    });
    expect(refusal(`second:${signedElsewhere}`, documented.userData, [pair])).toBeUndefined();
    expect(refusal(`${app.key}:${documented.signature}`, documented.userData, [pair])).toBeUndefined();
  });
});
