import { describe, expect, test } from 'vitest';
import { stringToSign } from '../../../src/auth/request-auth.ts';
import { isHttpError } from '../../../src/protocol/http-error.ts';
import { parseQuery } from '../../../src/protocol/query.ts';
import { signatureOf } from '../../support/sign-request.ts';
import { vectors } from '../../support/unit/vectors.ts';
import { authenticateRequest } from '../../support/unit/authenticate-request.ts';

interface Accepted {
  readonly source: string;
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly body: string;
  readonly signed: string;
  readonly signature: string;
}

interface Vectors {
  readonly app: { readonly key: string; readonly secret: string };
  readonly timeMs: number;
  readonly accepted: readonly [Accepted, ...Accepted[]];
}

const { app, timeMs, accepted } = vectors('request-auth') as Vectors;
const [documented] = accepted;

type Request = Pick<Accepted, 'method' | 'path' | 'rawQuery' | 'body'>;

function refusal({ method, path, rawQuery, body }: Request, nowMs = timeMs) {
  const request = { method, path, unprefixedPath: undefined, rawQuery, body: Buffer.from(body) };
  const outcome = authenticateRequest({ ...app, otherKeys: [] }, request, nowMs);
  return isHttpError(outcome) ? outcome : undefined;
}

const withSignature = (request: Accepted): Request => ({
  ...request,
  rawQuery: `${request.rawQuery}&auth_signature=${request.signature}`,
});

/** The documented request with another value of one parameter, or without it, signed accordingly. */
function changed(key: string, value: string | undefined): Request {
  const query = new URLSearchParams(documented.rawQuery);
  if (value === undefined) query.delete(key);
  else query.set(key, value);
  const signature = signatureOf(app.secret, { ...documented, parameters: [...query] });
  return { ...documented, rawQuery: `${query.toString()}&auth_signature=${signature}` };
}

describe('a signed request', () => {
  test.each(accepted)('is accepted: $title ($source)', (request) => {
    expect(refusal(withSignature(request))).toBeUndefined();
  });

  test.each(accepted)(
    'is refused with another signature, without revealing the right one: $title',
    (request) => {
      const { status, text } =
        refusal({ ...request, rawQuery: `${request.rawQuery}&auth_signature=abc` }) ?? {};
      expect(status).toBe(401);
      expect(text).toMatch(
        /^Invalid signature: you should have sent HmacSHA256Hex\(".*", your_secret_key\), but you sent "abc"$/,
      );
      expect(text).not.toContain(request.signature);
    },
  );

  test('is refused with the string that it should have signed', () => {
    const { text } = refusal({ ...documented, rawQuery: `${documented.rawQuery}&auth_signature=abc` }) ?? {};
    expect(text).toBe(
      `Invalid signature: you should have sent HmacSHA256Hex(${JSON.stringify(documented.signed)}, your_secret_key), but you sent "abc"`,
    );
  });

  test('is refused with another method, path or parameter', () => {
    const request = withSignature(documented);
    expect(refusal({ ...request, method: 'GET' })).toMatchObject({ status: 401 });
    expect(refusal({ ...request, path: '/apps/3/batch_events' })).toMatchObject({ status: 401 });
    expect(refusal({ ...request, rawQuery: `${request.rawQuery}&info=a` })).toMatchObject({ status: 401 });
  });

  test.each([
    ['auth_key', undefined, 'Missing parameter: auth_key'],
    ['auth_key', '', 'Missing parameter: auth_key'],
    ['auth_key', 'other', 'Unknown auth_key'],
    ['auth_version', undefined, 'Version required'],
    ['auth_version', '', 'Version required'],
    ['auth_version', '2.0', 'Version not supported'],
    ['auth_timestamp', undefined, 'Timestamp required'],
    ['auth_timestamp', '', 'Timestamp required'],
    ['auth_timestamp', 'now', 'Timestamp required'],
    ['auth_timestamp', '1353088179.5', 'Timestamp required'],
    ['auth_timestamp', '1e9', 'Timestamp required'],
    ['body_md5', undefined, 'Missing parameter: body_md5'],
    [
      'body_md5',
      'd41d8cd98f00b204e9800998ecf8427e',
      'Invalid body_md5: the MD5 of the body received is ec365a775a4cd0599faeb73354201b6f, but you sent "d41d8cd98f00b204e9800998ecf8427e"',
    ],
  ])('with %s=%s is refused: %s', (key, value, text) => {
    expect(refusal(changed(key, value))).toEqual({ status: 401, text });
  });

  test.each([0, 599, -599, 599.999])(
    'is accepted when its time differs by %d s from that of the server',
    (seconds) => {
      expect(refusal(withSignature(documented), timeMs + seconds * 1000)).toBeUndefined();
    },
  );

  test.each([
    [600, '2012-11-16T17:59:39Z'],
    [-600, '2012-11-16T17:39:39Z'],
    [600.5, '2012-11-16T17:59:39Z'],
  ])('is refused as expired when its time differs by %d s from that of the server', (seconds, serverTime) => {
    expect(refusal(withSignature(documented), timeMs + seconds * 1000)).toEqual({
      status: 401,
      text: `Timestamp expired: Given timestamp (2012-11-16T17:49:39Z) not within 600s of server time (${serverTime})`,
    });
  });

  test('with a timestamp in milliseconds is refused as expired, with a hint', () => {
    expect(refusal(changed('auth_timestamp', String(timeMs)))).toEqual({
      status: 401,
      text:
        'Timestamp expired: Given timestamp (44847-08-28T19:30:00Z) not within 600s of server time (2012-11-16T17:49:39Z)' +
        '. It looks like milliseconds; seconds are expected',
    });
  });

  test.each(['Info', 'AUTH_KEY', 'iNFO', '\u00c9'])(
    'with the parameter %s, which is not in lower case, is refused regardless of its signature',
    (name) => {
      expect(refusal(changed(name, '1'))).toEqual({
        status: 401,
        text: `Invalid parameter name "${name}": the parameter names of a signed request must be in lower case`,
      });
    },
  );

  test.each(['0', '999999999999', '8640000000001', '9'.repeat(400)])(
    'with the distant timestamp %s is refused as expired without failing',
    (timestamp) => {
      expect(refusal(changed('auth_timestamp', timestamp))).toMatchObject({
        status: 401,
        text: expect.stringMatching(/^Timestamp expired: /) as string,
      });
    },
  );

  test('is refused if its body was changed', () => {
    expect(
      refusal({ ...withSignature(documented), body: documented.body.replace('foo', 'bar') }),
    ).toMatchObject({
      status: 401,
      text: expect.stringMatching(/^Invalid body_md5: /) as string,
    });
  });
});

describe('the string to sign', () => {
  test.each(accepted.slice(0, 7))('is as documented: $title', ({ method, path, rawQuery, signed }) => {
    expect(stringToSign(method, path, parseQuery(rawQuery))).toBe(signed);
  });

  test('leaves out auth_signature and keeps the order of equal keys', () => {
    expect(stringToSign('GET', '/', parseQuery('b=2&auth_signature=x&a[]=z&a[]=y'))).toBe(
      'GET\n/\na[]=z&a[]=y&b=2',
    );
  });
});
