import { readUsualClientEvent } from './client-event-frame.ts';
import {
  clientEventWithoutChannel,
  invalidMessageFormat,
  unknownEvent,
  userDataMissing,
  type ProtocolError,
} from './errors.ts';
import { memberSource } from './json-source.ts';
import { isObject } from './json-value.ts';

/** A client's request. Its shape has been checked; its permission has not. */
export type Command =
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'subscribe';
      /** The channel name as received, not yet checked. */
      readonly channel: unknown;
      readonly auth: string | undefined;
      /** The signed text, exactly as received. Some clients send an object by mistake. */
      readonly channelData: unknown;
    }
  | { readonly kind: 'unsubscribe'; readonly channel: unknown }
  | {
      readonly kind: 'signin';
      readonly auth: string | undefined;
      /** The signed text, exactly as received. */
      readonly userData: string;
    }
  | {
      readonly kind: 'client-event';
      readonly event: string;
      readonly channel: string;
      /** Always a string: other JSON values keep their text as received; missing data is `{}`. */
      readonly data: string;
    }
  | { readonly kind: 'invalid'; readonly error: ProtocolError };

const ping: Command = { kind: 'ping' };
const pong: Command = { kind: 'pong' };
const malformed: Command = { kind: 'invalid', error: invalidMessageFormat };

/** Reads one text frame of a client. Never throws: an unreadable frame becomes a command of kind `invalid`. */
export function decode(text: string): Command {
  const usual = readUsualClientEvent(text);
  if (usual !== undefined) return { kind: 'client-event', ...usual };
  const frame = parseObject(text);
  if (frame === undefined || typeof frame['event'] !== 'string') return malformed;
  const event = frame['event'];
  switch (event) {
    case 'pusher:ping':
      return ping;
    case 'pusher:pong':
      return pong;
    case 'pusher:subscribe':
      return decodeSubscribe(dataObject(frame['data']));
    case 'pusher:unsubscribe': {
      const data = dataObject(frame['data']);
      return data === undefined ? malformed : { kind: 'unsubscribe', channel: data['channel'] };
    }
    case 'pusher:signin':
      return decodeSignIn(dataObject(frame['data']));
    default:
      return event.startsWith('client-')
        ? decodeClientEvent(event, frame, text)
        : { kind: 'invalid', error: unknownEvent(event) };
  }
}

function decodeSubscribe(data: ParsedObject | undefined): Command {
  if (data === undefined) return malformed;
  const { channel, auth, channel_data: channelData } = data;
  if (auth !== undefined && auth !== null && typeof auth !== 'string') return malformed;
  return { kind: 'subscribe', channel, auth: auth ?? undefined, channelData: channelData ?? undefined };
}

function decodeSignIn(data: ParsedObject | undefined): Command {
  if (data === undefined) return malformed;
  const { auth, user_data: userData } = data;
  if (auth !== undefined && auth !== null && typeof auth !== 'string') return malformed;
  if (typeof userData !== 'string') return { kind: 'invalid', error: userDataMissing };
  return { kind: 'signin', auth: auth ?? undefined, userData };
}

function decodeClientEvent(event: string, frame: ParsedObject, text: string): Command {
  const { channel, data } = frame;
  if (typeof channel !== 'string') return { kind: 'invalid', error: clientEventWithoutChannel };
  return { kind: 'client-event', event, channel, data: sourceTextOf(data, text, 'data') ?? '{}' };
}

/**
 * The text in which a member of an object is forwarded: a string as it is, any other value as its JSON text was received,
 * without serializing it again. `text` is the JSON that the object was parsed from, `key` the name of the member.
 */
export function sourceTextOf(value: unknown, text: string, key: string): string | undefined {
  return typeof value === 'string' || value === undefined ? value : memberSource(text, key);
}

/** A parsed JSON object. The sender chose its keys: read them by name, never walk the prototype. */
export type ParsedObject = Readonly<Record<string, unknown>>;

/** JSON white space, then an opening brace. */
const beginsAnObject = /^[ \t\n\r]*\{/;

/**
 * The object that a text encodes; undefined if it does not encode one. Clients may send anything, so text that cannot be an
 * object is not parsed, and no stack trace is built for an error that nobody sees. That trace would triple the cost.
 */
export function parseObject(text: string): ParsedObject | undefined {
  if (!beginsAnObject.test(text)) return undefined;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** `data` of a frame: an object or, from some clients, a string that contains one. */
function dataObject(data: unknown): ParsedObject | undefined {
  if (typeof data === 'string') return parseObject(data);
  return isObject(data) ? data : undefined;
}
