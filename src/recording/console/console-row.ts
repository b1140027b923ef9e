import type { ConsoleRow } from '../../views/server.ts';
import { clip } from '../../protocol/clip.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import type { ConsoleContent, ConsoleEntry } from './console-entry.ts';
import { endOf } from '../delivery-record.ts';
import { fieldsOf } from '../event-record.ts';
import type { AttemptEnd } from '../records.ts';
import type { SearchItem } from '../search.ts';

/** The longest payload that is shown in a row. */
const longestData = 4096;

type RowContent = Pick<ConsoleRow, 'socketId' | 'userId' | 'channel' | 'name' | 'text' | 'data' | 'details'>;

/** The content of a row, with further values for searches. */
interface Described {
  readonly row: RowContent;
  readonly channels?: readonly string[];
  readonly endpoint?: string;
  readonly url?: string;
  readonly result?: string;
}

/** The row of an entry, for people. */
export function rowOf(entry: ConsoleEntry, showsPayloads: boolean): ConsoleRow {
  return toRow(entry, describe(entry.content).row, showsPayloads);
}

function toRow(
  { seq, atMs, appId, type }: ConsoleEntry,
  content: RowContent,
  showsPayloads: boolean,
): ConsoleRow {
  const { data, ...rest } = content;
  return {
    seq,
    atMs,
    appId,
    type,
    ...rest,
    ...(showsPayloads && data !== undefined && { data: clip(data, longestData) }),
    ...(showsPayloads && data !== undefined && data.length > longestData && { isClipped: true }),
  };
}

/** An entry in the form that searches need. Its content is described at most once. */
export function itemOf(entry: ConsoleEntry, showsPayloads: boolean): SearchItem {
  let described: Described | undefined;
  const read = (): Described => (described ??= describe(entry.content));
  return {
    atMs: entry.atMs,
    fields: {
      type: entry.type,
      get channel() {
        return read().channels ?? read().row.channel;
      },
      get user() {
        return read().row.userId;
      },
      get event() {
        return read().row.name;
      },
      get socket() {
        return read().row.socketId;
      },
      get endpoint() {
        return read().endpoint;
      },
      get url() {
        return read().url;
      },
      get result() {
        return read().result;
      },
      get status() {
        return read().row.details?.['status'];
      },
      get reason() {
        return read().row.details?.['reason'];
      },
      get attempts() {
        return read().row.details?.['attempt'];
      },
      get id() {
        return read().row.details?.['id'];
      },
    },
    text: () => {
      const row = toRow(entry, read().row, showsPayloads);
      const { type, text, name, channel, socketId, userId, data, details } = row;
      const words = [type, text, name, channel, socketId, userId, data, ...Object.values(details ?? {})];
      return words.filter((word) => word !== undefined).join(' ');
    },
  };
}

function describe(content: ConsoleContent): Described {
  switch (content.kind) {
    case 'connected': {
      const { socketId, remoteAddress } = content;
      return { row: { socketId, text: `connected from ${remoteAddress}`, details: { remoteAddress } } };
    }
    case 'disconnected':
      return describeDisconnected(content);
    case 'subscribed':
    case 'unsubscribed': {
      const { kind, socketId, userId, channel } = content;
      const who = userId === undefined ? '' : ` as user ${userId}`;
      return { row: { socketId, ...userIn(userId), channel, text: `${kind}${who}: ${channel}` } };
    }
    case 'published':
      return describePublished(content);
    case 'client-event': {
      const { socketId, userId, event } = content;
      const { channel, event: name, data } = event;
      return { row: { socketId, ...userIn(userId), channel, name, text: `${name} on ${channel}`, data } };
    }
    case 'event':
      return describeEvent(content.event, content.selecting);
    case 'attempt':
      return describeAttempt(content);
    case 'dropped':
      return describeDropped(content);
    case 'resent':
      return describeResent(content);
    case 'refused':
      return describeRefused(content);
    case 'setting':
      return { row: { text: content.text } };
    case 'gap':
      return { row: { text: 'some entries were not recorded' } };
  }
}

type Of<Kind extends ConsoleContent['kind']> = Extract<ConsoleContent, { kind: Kind }>;

function userIn(userId: string | undefined): { readonly userId?: string } {
  return userId === undefined ? {} : { userId };
}

function describeDisconnected(content: Of<'disconnected'>): Described {
  const { socketId, userId, reason, channels, channelCount, lastedMs } = content;
  const how = reason === 'client' ? 'disconnected' : `was disconnected (${reason})`;
  const more = channelCount > channels.length ? ` and ${channelCount - channels.length} more` : '';
  const left =
    channelCount === 0 ? 'it had no subscription' : `it was subscribed to ${channels.join(', ')}${more}`;
  const row = {
    socketId,
    ...userIn(userId),
    text: `${how} after ${formatSpan(lastedMs)}; ${left}`,
    details: { reason, lastedMs: Math.round(lastedMs), channels: channelCount },
  };
  return { row, channels };
}

function describePublished({ trigger, source }: Of<'published'>): Described {
  const { name, data, channels } = trigger;
  const [channel = '', ...others] = channels;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const text = `${name} on ${channel}${more}${source === 'admin' ? ', by the Dashboard or the admin API' : ''}`;
  return { row: { channel, name, text, data, details: { source, channels: channels.length } }, channels };
}

function describeEvent(event: WebhookEvent, selecting: number): Described {
  const { name, channel, user_id: userId, data, subscription_count: count } = fieldsOf(event);
  const who = userId === undefined ? '' : ` of user ${userId}`;
  const size = count === undefined ? '' : ` of ${count}`;
  const to = selecting === 0 ? 'no endpoint selects it' : `for ${plural(selecting, 'endpoint')}`;
  const row = { channel, name, ...userIn(userId), text: `${name}${size}${who} on ${channel}; ${to}` };
  return { row: { ...row, ...(data !== undefined && { data }) } };
}

function describeAttempt({ attempt, outcome, elapsedMs, retryInMs }: Of<'attempt'>): Described {
  const { bytes, channels } = attempt;
  const end = endOf(outcome);
  const next =
    retryInMs !== undefined
      ? `; retry in ${formatSpan(retryInMs)}`
      : end.outcome === 'success'
        ? ''
        : '; no retry';
  const post = describePost(`attempt ${attempt.number}`, { ...attempt, end, elapsedMs });
  const { row } = post;
  return {
    ...post,
    row: { ...row, text: row.text + next, details: { ...row.details, bytes } },
    channels,
  };
}

function describeResent({ webhookId, endpointId, url, attempt, events }: Of<'resent'>): Described {
  const { number, elapsedMs, result, ...rest } = attempt;
  const end = { ...rest, outcome: result };
  return describePost('resent', { webhookId, endpointId, url, number, events, end, elapsedMs });
}

/** The result of a POST. */
function describePost(
  what: string,
  {
    webhookId,
    endpointId,
    url,
    number,
    events,
    end,
    elapsedMs,
  }: Pick<Of<'attempt'>['attempt'], 'webhookId' | 'endpointId' | 'url' | 'number' | 'events'> & {
    readonly end: AttemptEnd;
    readonly elapsedMs: number;
  },
): Described {
  const { outcome, status, error, answer } = end;
  const failed = outcome === 'timeout' ? 'no response in time' : (error ?? 'failed');
  const result = status === undefined ? failed : `answered ${status}`;
  const details = {
    id: webhookId,
    endpoint: endpointId,
    attempt: number,
    elapsedMs: Math.round(elapsedMs),
    ...(status !== undefined && { status }),
    ...(error !== undefined && { reason: error }),
  };
  const text = `${what}: ${result} in ${formatSpan(elapsedMs)}, ${plural(events, 'event')}`;
  const row = { name: url, text, details, ...(answer !== undefined && { data: answer }) };
  return { row, endpoint: endpointId, url, result: outcome };
}

function describeDropped({ reason, endpoint, events, webhookId, attempts }: Of<'dropped'>): Described {
  const { id, url } = endpoint;
  const text = `${plural(events, 'event')} dropped (${reason}) after ${plural(attempts, 'attempt')}`;
  const details = {
    endpoint: id,
    reason,
    attempt: attempts,
    ...(webhookId !== undefined && { id: webhookId }),
  };
  return { row: { name: url, text, details }, endpoint: id, url };
}

function describeRefused({ refusal }: Of<'refused'>): Described {
  const { kind, reason, fields } = refusal;
  const details: Record<string, string | number> = { refused: kind, reason };
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'number') details[name] = value;
    else if (typeof value === 'string') details[name] = clip(value);
  }
  const { socketId, channel, error } = fields;
  const about = typeof error === 'string' ? `: ${clip(error, 400)}` : '';
  const row = {
    name: reason,
    text: `${kind.replace('_', ' ')} refused (${reason})${about}`,
    details,
    ...(typeof socketId === 'string' && { socketId }),
    ...(typeof channel === 'string' && { channel: clip(channel) }),
  };
  return { row };
}

/** Formats a count: `1 event`, `2 events`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Formats a span: `350 ms`, `2.5 s`, `12 min`, `3.5 h`. */
export function formatSpan(ms: number): string {
  const short = (value: number): string => String(Math.round(value * 10) / 10);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${short(ms / 1000)} s`;
  if (ms < 7_200_000) return `${short(ms / 60_000)} min`;
  return `${short(ms / 3_600_000)} h`;
}
