import { wrongAuthSignature, type ProtocolError } from '../protocol/errors.ts';
import { verify } from './hmac.ts';
import { secretOf, type KeyRing } from './key-pair.ts';

/** What a client got from its application's server, and what that should have signed. */
export interface Token {
  /** `KEY:SIGNATURE` */
  readonly auth: string | undefined;
  readonly signed: string;
}

/** How to say that a token has not the form, or names a key that is not the app's. */
export interface TokenErrors {
  readonly malformed: ProtocolError;
  readonly wrongKey: (key: string) => ProtocolError;
}

/** Why a token is not accepted; undefined when it is. */
export function refuseToken(
  app: KeyRing,
  { auth = '', signed }: Token,
  errors: TokenErrors,
): ProtocolError | undefined {
  const colon = auth.lastIndexOf(':');
  if (colon < 0) return errors.malformed;
  const key = auth.slice(0, colon);
  const secret = secretOf(app, key);
  if (secret === undefined) return errors.wrongKey(key);
  const signature = auth.slice(colon + 1);
  return verify(secret, signed, signature) ? undefined : wrongAuthSignature(signed, signature);
}
