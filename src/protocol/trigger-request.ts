import { describeChannelNameFault, isChannelName, type ChannelName } from './channel-name.ts';
import { parseObject, sourceTextOf, type ParsedObject } from './decode.ts';
import { dataTooLargeText } from './errors.ts';
import { badRequest, isHttpError, tooLarge, type HttpError } from './http-error.ts';
import { invalidBody } from './invalid-body.ts';
import { memberSources } from './json-source.ts';
import { describeGiven, isObject } from './json-value.ts';
import type { Limits } from './limits.ts';
import { queryValue, type Query } from './query.ts';
import { isSocketId, type SocketId } from './socket-id.ts';

/** A request to publish one event, once on each of its channels. */
export interface Trigger {
  readonly name: string;
  readonly data: string;
  readonly channels: readonly ChannelName[];
  /** The connection that must not receive it. */
  readonly except: SocketId | undefined;
  readonly info: readonly CountAttribute[];
}

/** Counts that the response to a trigger may contain. */
export type CountAttribute = 'user_count' | 'subscription_count';

/** All of them. */
export const countAttributes: readonly CountAttribute[] = ['user_count', 'subscription_count'];
const reservedPrefixes = ['pusher:', 'pusher_internal:', 'client-'];

/** Parameters of `POST /events` that may be in the query string instead of the body. */
const queryParameters = ['name', 'data', 'channel', 'socket_id', 'info'] as const;

/** The body, completed with parameters from the query string that the body lacks. */
export function withQueryParameters(body: ParsedObject, query: Query): ParsedObject {
  // Nearly all requests have only the parameters of the signature.
  if (query.every(([key]) => key.startsWith('auth_') || key === 'body_md5')) return body;
  const merged: Record<string, unknown> = { ...body };
  // Null counts as a value, because event data may be null.
  for (const key of queryParameters) if (body[key] === undefined) merged[key] = queryValue(query, key);
  if (isMissing(body['channels']) && isMissing(body['channel'])) {
    const channels = query.filter(([key]) => key === 'channels[]').map(([, value]) => value);
    if (channels.length > 0) merged['channels'] = channels;
  }
  return merged;
}

/** Whether a parameter is not given. Null says the same as its absence. */
function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Parses the body and the query string of `POST /events`. */
export function decodeTrigger(text: string, query: Query, limits: Limits): Trigger | HttpError {
  const body = parseBody(text);
  if (body === undefined) return invalidBody(text);
  const event = withQueryParameters(body, query);
  const channels = decodeChannels(event, limits);
  return isHttpError(channels)
    ? channels
    : decodeEvent(event, sourceTextOf(event['data'], text, 'data'), channels, limits);
}

/** Parses the body of `POST /batch_events`. One invalid item refuses the whole batch, so that none of it is published. */
export function decodeBatch(text: string, limits: Limits): readonly Trigger[] | HttpError {
  const body = parseBody(text);
  if (body === undefined) return invalidBody(text);
  const { batch } = body;
  if (!Array.isArray(batch)) return badRequest('Missing parameter: batch, an array of events');
  if (batch.length > limits.eventsPerBatch) {
    return badRequest(`batch has ${batch.length} events, at most ${limits.eventsPerBatch} are accepted`);
  }
  // Nearly all data are strings, which need no source text.
  const sources = batch.every(hasText) ? [] : memberSources(text, 'batch', 'data');
  const triggers: Trigger[] = [];
  for (const [index, event] of batch.entries()) {
    const trigger = decodeBatchItem(event, sources[index], limits);
    if (isHttpError(trigger)) return { status: trigger.status, text: `batch[${index}]: ${trigger.text}` };
    triggers.push(trigger);
  }
  return triggers;
}

function hasText(event: unknown): boolean {
  return isObject(event) && typeof event['data'] === 'string';
}

function parseBody(text: string): ParsedObject | undefined {
  return text === '' ? {} : parseObject(text);
}

function decodeBatchItem(event: unknown, source: string | undefined, limits: Limits): Trigger | HttpError {
  if (!isObject(event)) return badRequest('an event must be an object with name, channel and data');
  const channel = decodeChannel(event['channel'], limits);
  if (isHttpError(channel)) return channel;
  const { data } = event;
  return decodeEvent(event, typeof data === 'string' ? data : source, [channel], limits);
}

/** `data` is the text to forward. */
function decodeEvent(
  event: ParsedObject,
  data: string | undefined,
  channels: readonly ChannelName[],
  limits: Limits,
): Trigger | HttpError {
  const name = decodeName(event['name'], limits);
  if (isHttpError(name)) return name;
  if (data === undefined) return badRequest('Missing parameter: data');
  const { socket_id: except } = event;
  if (Buffer.byteLength(data) > limits.eventDataBytes)
    return tooLarge(dataTooLargeText(limits.eventDataBytes));
  if (!isMissing(except) && !isSocketId(except)) {
    return badRequest(`Invalid socket id: expected digits.digits, got ${describe(except)}`);
  }
  const info = decodeInfo(event['info'], countAttributes);
  if (isHttpError(info)) return info;
  return { name, data, channels, except: except ?? undefined, info };
}

function decodeName(name: unknown, limits: Limits): string | HttpError {
  if (name === undefined) return badRequest('Missing parameter: name');
  if (typeof name !== 'string' || name === '') {
    return badRequest(`Invalid event name: expected a non-empty string, got ${describe(name)}`);
  }
  if (name.length > limits.eventNameLength) {
    return badRequest(
      `Invalid event name: it has ${name.length} characters, at most ${limits.eventNameLength} are accepted`,
    );
  }
  const reserved = reservedPrefixes.find((prefix) => name.startsWith(prefix));
  if (reserved === undefined) return name;
  return badRequest(`Invalid event name: '${name}' starts with '${reserved}', which servers cannot send`);
}

function decodeChannels(body: ParsedObject, limits: Limits): readonly ChannelName[] | HttpError {
  const { channels, channel } = body;
  if (isMissing(channels)) {
    if (isMissing(channel)) return badRequest('Missing parameter: channels');
    const single = decodeChannel(channel, limits);
    return isHttpError(single) ? single : [single];
  }
  if (!Array.isArray(channels) || channels.length === 0) {
    return badRequest(`Invalid channels: expected an array of channel names, got ${describe(channels)}`);
  }
  if (channels.length > limits.channelsPerTrigger) {
    return badRequest(
      `channels has ${channels.length} names, at most ${limits.channelsPerTrigger} are accepted`,
    );
  }
  const unique = new Set<ChannelName>();
  for (const name of channels) {
    const decoded = decodeChannel(name, limits);
    if (isHttpError(decoded)) return decoded;
    unique.add(decoded);
  }
  return [...unique];
}

function decodeChannel(name: unknown, limits: Limits): ChannelName | HttpError {
  if (name === undefined) return badRequest('Missing parameter: channel');
  return isChannelName(name, limits) ? name : badRequest(describeChannelNameFault(name, limits));
}

/** Parses an `info` parameter: attribute names, separated by commas, without duplicates. */
export function decodeInfo<Attribute extends string>(
  info: unknown,
  accepted: readonly Attribute[],
): readonly Attribute[] | HttpError {
  if (isMissing(info) || info === '') return [];
  if (typeof info !== 'string') {
    return badRequest(`Invalid info: expected a string of ${accepted.join(', ')}, got ${describe(info)}`);
  }
  const attributes = new Set<Attribute>();
  for (const part of info.split(',')) {
    const attribute = accepted.find((known) => known === part.trim());
    if (attribute === undefined) {
      return badRequest(
        `Unknown info attribute '${part.trim().slice(0, 100)}': expected one of ${accepted.join(', ')}`,
      );
    }
    attributes.add(attribute);
  }
  return [...attributes];
}

function describe(value: unknown): string {
  return describeGiven(typeof value === 'string' ? value.slice(0, 100) : value);
}
