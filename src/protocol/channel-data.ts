import { invalidChannelData, type ProtocolError } from './errors.ts';
import { parseObject, stringData } from './decode.ts';
import type { Limits } from './limits.ts';

/** Who joins a presence channel: the user's id, and the JSON text of the user's info. */
export interface ChannelData {
  readonly userId: string;
  readonly infoJson: string;
}

/**
 * Reads the `channel_data` of a presence subscription. Call it only after its signature was accepted: until
 * then it is anybody's text. A numeric user id becomes its string, because typed clients read only strings.
 */
export function parseChannelData(
  text: string,
  limits: Pick<Limits, 'userIdLength' | 'userInfoBytes'>,
): ChannelData | { readonly error: ProtocolError } {
  const refuse = (why: string) => ({ error: invalidChannelData(why) });
  const data = parseObject(text);
  if (data === undefined) return refuse('expected the JSON text of an object');
  const userId = data['user_id'];
  const isUsable = typeof userId === 'string' ? userId !== '' : Number.isFinite(userId);
  if (!isUsable) {
    return refuse('user_id must be a non-empty string or a number');
  }
  const id = String(userId);
  if (id.length > limits.userIdLength) {
    return refuse(`user_id has ${id.length} characters, at most ${limits.userIdLength} are accepted`);
  }
  const infoJson = stringifyInfo(data['user_info']);
  if (infoJson === undefined) return refuse('user_info is nested too deeply');
  const infoBytes = Buffer.byteLength(infoJson);
  if (infoBytes > limits.userInfoBytes) {
    return refuse(`user_info has ${infoBytes} bytes, at most ${limits.userInfoBytes} are accepted`);
  }
  return { userId: id, infoJson };
}

/** The JSON text of a user's info, `null` without one; undefined when it is nested too deeply to be written. */
export function stringifyInfo(info: unknown): string | undefined {
  return typeof info === 'string' ? JSON.stringify(info) : stringData(info, 'null');
}
