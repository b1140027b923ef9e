import {
  describeSigned,
  missingAuth,
  wrongAuthKey,
  wrongAuthSignature,
  type ProtocolError,
} from '../protocol/errors.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import { verify } from './hmac.ts';
import { secretOf, type KeyRing } from './key-pair.ts';

/** What a subscription shows to be let in. */
export interface SubscriptionClaim {
  readonly socketId: SocketId;
  readonly channel: string;
  /** `KEY:SIGNATURE`, from the application's server. */
  readonly auth: string | undefined;
  /** Part of what is signed whenever it is present, byte for byte as it came. */
  readonly channelData: string | undefined;
}

/** Why a subscription is not authorised; undefined when it is. */
export function refuseSubscription(app: KeyRing, claim: SubscriptionClaim): ProtocolError | undefined {
  const { socketId, channel, auth, channelData } = claim;
  const colon = auth === undefined ? -1 : auth.lastIndexOf(':');
  if (auth === undefined || colon < 0) return missingAuth(channel);
  const key = auth.slice(0, colon);
  const secret = secretOf(app, key);
  if (secret === undefined) return wrongAuthKey(key);
  const signature = auth.slice(colon + 1);
  const signed = describeSigned(socketId, channel, channelData);
  return verify(secret, signed, signature) ? undefined : wrongAuthSignature(signed, signature);
}
