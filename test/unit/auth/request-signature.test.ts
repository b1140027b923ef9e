import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { signRequest } from '../../../src/auth/request-signature.ts';
import { isHttpError } from '../../../src/protocol/http-error.ts';
import { vectors } from '../../support/unit/vectors.ts';
import { authenticateRequest } from '../../support/unit/authenticate-request.ts';

interface Vectors {
  readonly app: { readonly key: string; readonly secret: string };
  readonly timeMs: number;
  readonly accepted: readonly [{ path: string; rawQuery: string; body: string; signature: string }];
}

test('a signed request matches the example of the documentation', () => {
  const { app, timeMs, accepted } = vectors('request-auth') as Vectors;
  const [{ path, rawQuery, body, signature }] = accepted;
  const request = { method: 'POST', path, body: Buffer.from(body) } as const;
  expect(signRequest(app, request, timeMs)).toBe(`${rawQuery}&auth_signature=${signature}`);
});

test('a signed request is accepted, whatever its body and its app', () => {
  const name = fc.string({ minLength: 1 });
  const method = fc.constantFrom('GET' as const, 'POST' as const);
  fc.assert(
    fc.property(method, name, name, fc.uint8Array(), (verb, key, secret, body) => {
      const request = { method: verb, path: '/apps/1/events', body };
      const rawQuery = signRequest({ key, secret }, request, 1_700_000_000_000);
      const answer = authenticateRequest(
        { key, secret, otherKeys: [] },
        { ...request, unprefixedPath: undefined, rawQuery },
        1_700_000_000_000,
      );
      expect(isHttpError(answer)).toBe(false);
    }),
  );
});

test('a signed request without a body has no body_md5, as in the server libraries of Pusher', () => {
  const request = { method: 'GET', path: '/apps/1/channels', body: new Uint8Array() } as const;
  const query = signRequest({ key: 'k', secret: 's' }, request, 1_700_000_000_000);
  expect(query).toMatch(
    /^auth_key=k&auth_timestamp=1700000000&auth_version=1\.0&auth_signature=[0-9a-f]{64}$/,
  );
});
