import { missingUserAuth, wrongUserAuthKey, type ProtocolError } from '../protocol/errors.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { KeyRing } from './key-pair.ts';
import { refuseToken } from './token.ts';

/** The credentials of a sign-in. */
export interface SignInClaim {
  readonly socketId: SocketId;
  /** `KEY:SIGNATURE`, from the application's server. */
  readonly auth: string | undefined;
  /** The user data, exactly as received. */
  readonly userData: string;
}

/** Why a sign-in is not authorized; undefined when it is. */
export function refuseSignIn(app: KeyRing, claim: SignInClaim): ProtocolError | undefined {
  const { socketId, auth, userData } = claim;
  const signed = `${socketId}::user::${userData}`;
  return refuseToken(app, { auth, signed }, { malformed: () => missingUserAuth, wrongKey: wrongUserAuthKey });
}
