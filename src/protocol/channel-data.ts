import { invalidChannelData, type ProtocolError } from './errors.ts';
import { parseObject, type ParsedObject } from './decode.ts';
import { memberSource } from './json-source.ts';
import { kindOf } from './json-value.ts';
import type { Limits } from './limits.ts';
import { numberAsId } from './number-as-id.ts';

const halfOfPair = /\p{Surrogate}/u;

/** A user who joins a presence channel: the id, and the JSON text of the info. */
export interface ChannelData {
  readonly userId: string;
  readonly infoJson: string;
}

/**
 * Reads the `channel_data` of a presence subscription. Call it only after its signature was accepted: before that, the text
 * is untrusted. A numeric user id becomes a string, because typed clients read only strings.
 */
export function parseChannelData(
  text: string,
  limits: Pick<Limits, 'userIdLength' | 'userInfoBytes'>,
): ChannelData | { readonly error: ProtocolError } {
  const refuse = (why: string) => ({ error: invalidChannelData(why) });
  const signed = asSigned(text);
  const data = parseObject(signed);
  if (data === undefined) return refuse('expected the JSON text of an object');
  const userId = readUserId(data['user_id'], signed);
  if (userId === undefined) {
    return refuse(`user_id must be a non-empty string or a number, got ${kindOf(data['user_id'])}`);
  }
  if (userId.length > limits.userIdLength) {
    return refuse(`user_id has ${userId.length} characters, at most ${limits.userIdLength} are accepted`);
  }
  if (halfOfPair.test(userId))
    return refuse('user_id contains half of a surrogate pair, which is not a character');
  const infoJson = readInfo(data, signed);
  const infoBytes = Buffer.byteLength(infoJson);
  if (infoBytes > limits.userInfoBytes) {
    return refuse(`user_info has ${infoBytes} bytes, at most ${limits.userInfoBytes} are accepted`);
  }
  return { userId, infoJson };
}

/** `channel_data` is not a string: the authorization endpoint returned the object instead of the text that it signed. */
export function channelDataNotText(got: unknown): ProtocolError {
  return invalidChannelData(
    `expected a string, the JSON text that your server's channel authorization endpoint has signed, got ${kindOf(got)}`,
  );
}

/** The text as it was signed: half of a surrogate pair has no bytes of its own, so it is encoded as U+FFFD. */
export function asSigned(text: string): string {
  return halfOfPair.test(text) ? Buffer.from(text).toString() : text;
}

/** The JSON of a user's info as received, `null` without one. `text` is the JSON that `data` was parsed from. */
export function readInfo(data: ParsedObject, text: string): string {
  return (data['user_info'] === undefined ? undefined : memberSource(text, 'user_info')) ?? 'null';
}

function readUserId(value: unknown, text: string): string | undefined {
  if (typeof value === 'number') return numberAsId(memberSource(text, 'user_id') ?? '');
  return typeof value === 'string' && value !== '' ? value : undefined;
}
