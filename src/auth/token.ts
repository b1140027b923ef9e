import { wrongAuthSignature, type ProtocolError } from '../protocol/errors.ts';
import { verify } from './hmac.ts';
import { secretOfKey, type KeyRing } from './key-pair.ts';

/** The authorization that a client received from its application's server, and the text it should sign. */
export interface Token {
  /** `KEY:SIGNATURE` */
  readonly auth: string | undefined;
  readonly signed: string;
}

/** The errors for a malformed token and for a key that does not belong to the app. */
export interface TokenErrors {
  readonly malformed: () => ProtocolError;
  readonly wrongKey: (key: string) => ProtocolError;
}

/** The key in a token; empty if there is none. */
export function keyOfToken(auth: string): string {
  return auth.slice(0, Math.max(0, auth.lastIndexOf(':')));
}

/** Why a token is not accepted; undefined when it is. */
export function refuseToken(
  app: KeyRing,
  { auth, signed }: Token,
  errors: TokenErrors,
): ProtocolError | undefined {
  if (auth === undefined || !auth.includes(':')) return errors.malformed();
  const key = keyOfToken(auth);
  const secret = secretOfKey(app, key);
  if (secret === undefined) return errors.wrongKey(key);
  const signature = auth.slice(key.length + 1);
  return verify(secret, signed, signature) ? undefined : wrongAuthSignature(signed, signature);
}
