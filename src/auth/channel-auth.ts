import { describeSigned, missingAuth, wrongAuthKey, type ProtocolError } from '../protocol/errors.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { KeyRing } from './key-pair.ts';
import { refuseToken } from './token.ts';

/** The credentials of a subscription. */
export interface SubscriptionClaim {
  readonly socketId: SocketId;
  readonly channel: string;
  /** `KEY:SIGNATURE`, from the application's server. */
  readonly auth: string | undefined;
  /** Part of the signed text whenever it is present, exactly as received. */
  readonly channelData: string | undefined;
}

/** Why a subscription is not authorized; undefined when it is. */
export function refuseSubscription(app: KeyRing, claim: SubscriptionClaim): ProtocolError | undefined {
  const { socketId, channel, auth, channelData } = claim;
  const signed = describeSigned(socketId, channel, channelData);
  return refuseToken(
    app,
    { auth, signed },
    { malformed: () => missingAuth(channel), wrongKey: wrongAuthKey },
  );
}
