import { isUserId } from './channel-name.ts';
import { asSigned, readInfo } from './channel-data.ts';
import { parseObject } from './decode.ts';
import { invalidUserData, type ProtocolError } from './errors.ts';
import type { Limits } from './limits.ts';

/** The user who signs in. */
export interface UserData {
  readonly userId: string;
  /** The JSON text of the user's info, `null` without one. */
  readonly infoJson: string;
  /** The users whose online status this user watches: without duplicates, up to the accepted number. */
  readonly watchlist: readonly string[];
  /** Whether the list was longer than accepted. */
  readonly isWatchlistCut: boolean;
}

/** Reads the `user_data` of a sign-in. Call it only after its signature was accepted: before that, the text is untrusted. */
export function parseUserData(
  text: string,
  limits: Pick<Limits, 'userIdLength' | 'userInfoBytes' | 'watchlist'>,
): UserData | { readonly error: ProtocolError } {
  const refuse = (why: string) => ({ error: invalidUserData(why) });
  const signed = asSigned(text);
  const data = parseObject(signed);
  if (data === undefined) return refuse('expected the JSON text of an object');
  const { id, watchlist } = data;
  if (!isUserId(id, limits)) {
    return refuse(
      `id must be a string of 1 to ${limits.userIdLength} of the characters A-Z a-z 0-9 _ - = @ , . ;`,
    );
  }
  const infoJson = readInfo(data, signed);
  const infoBytes = Buffer.byteLength(infoJson);
  if (infoBytes > limits.userInfoBytes) {
    return refuse(`user_info has ${infoBytes} bytes, at most ${limits.userInfoBytes} are accepted`);
  }
  // Typed servers write null for a missing list.
  const listed = watchlist ?? [];
  if (!isListOfIds(listed)) {
    return refuse('watchlist must be a list of user ids, which are non-empty strings');
  }
  const watched = [...new Set(listed)];
  return {
    userId: id,
    infoJson,
    watchlist: watched.slice(0, limits.watchlist),
    isWatchlistCut: watched.length > limits.watchlist,
  };
}

function isListOfIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((id) => typeof id === 'string' && id !== '');
}
