import type { ConsoleRow } from '../views/server.ts';
import { clip } from '../protocol/clip.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { ConsoleContent, ConsoleEntry } from './console-entry.ts';
import { endOf } from './delivery-record.ts';
import { fieldsOf } from './event-record.ts';
import type { AttemptEnd } from './records.ts';
import type { SearchItem } from './search.ts';

/** The longest payload that is shown in a row. */
const longestData = 4096;

type Told = Pick<ConsoleRow, 'socketId' | 'userId' | 'channel' | 'name' | 'text' | 'data' | 'details'>;

/** A row with what it is found by besides. */
interface Found {
  readonly told: Told;
  readonly channels?: readonly string[];
  readonly endpoint?: string;
  readonly url?: string;
  readonly result?: string;
}

/** The row of an entry, as a person reads it. */
export function rowOf(entry: ConsoleEntry, showsPayloads: boolean): ConsoleRow {
  return toRow(entry, tell(entry.content).told, showsPayloads);
}

function toRow({ seq, atMs, appId, type }: ConsoleEntry, told: Told, showsPayloads: boolean): ConsoleRow {
  const { data, ...rest } = told;
  return {
    seq,
    atMs,
    appId,
    type,
    ...rest,
    ...(showsPayloads && data !== undefined && { data: clip(data, longestData) }),
  };
}

/** An entry as it is searched. It is read once at most. */
export function itemOf(entry: ConsoleEntry, showsPayloads: boolean): SearchItem {
  let found: Found | undefined;
  const read = (): Found => (found ??= tell(entry.content));
  return {
    atMs: entry.atMs,
    fields: {
      type: entry.type,
      get channel() {
        return read().channels ?? read().told.channel;
      },
      get user() {
        return read().told.userId;
      },
      get event() {
        return read().told.name;
      },
      get socket() {
        return read().told.socketId;
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
        return read().told.details?.['status'];
      },
      get reason() {
        return read().told.details?.['reason'];
      },
      get attempts() {
        return read().told.details?.['attempt'];
      },
      get id() {
        return read().told.details?.['id'];
      },
    },
    text: () => {
      const row = toRow(entry, read().told, showsPayloads);
      const { type, text, name, channel, socketId, userId, data, details } = row;
      const words = [type, text, name, channel, socketId, userId, data, ...Object.values(details ?? {})];
      return words.filter((word) => word !== undefined).join(' ');
    },
  };
}

function tell(content: ConsoleContent): Found {
  switch (content.kind) {
    case 'connected': {
      const { socketId, remoteAddress } = content;
      return { told: { socketId, text: `connected from ${remoteAddress}`, details: { remoteAddress } } };
    }
    case 'disconnected':
      return tellDisconnected(content);
    case 'subscribed':
    case 'unsubscribed': {
      const { kind, socketId, userId, channel } = content;
      const who = userId === undefined ? '' : ` as user ${userId}`;
      return { told: { socketId, ...userIn(userId), channel, text: `${kind}${who}: ${channel}` } };
    }
    case 'published':
      return tellPublished(content);
    case 'client-event': {
      const { socketId, userId, event } = content;
      const { channel, event: name, data } = event;
      return { told: { socketId, ...userIn(userId), channel, name, text: `${name} on ${channel}`, data } };
    }
    case 'event':
      return tellEvent(content.event, content.wanting);
    case 'attempt':
      return tellAttempt(content);
    case 'dropped':
      return tellDropped(content);
    case 'resent':
      return tellResent(content);
    case 'refused':
      return tellRefused(content);
    case 'setting':
      return { told: { text: content.text } };
    case 'gap':
      return { told: { text: 'more happened than is recorded' } };
  }
}

type Of<Kind extends ConsoleContent['kind']> = Extract<ConsoleContent, { kind: Kind }>;

function userIn(userId: string | undefined): { readonly userId?: string } {
  return userId === undefined ? {} : { userId };
}

function tellDisconnected(content: Of<'disconnected'>): Found {
  const { socketId, userId, reason, channels, channelCount, lastedMs } = content;
  const how = reason === 'client' ? 'disconnected' : `was disconnected (${reason})`;
  const more = channelCount > channels.length ? ` and ${channelCount - channels.length} more` : '';
  const left = channelCount === 0 ? 'it was on no channel' : `it was on ${channels.join(', ')}${more}`;
  const told = {
    socketId,
    ...userIn(userId),
    text: `${how} after ${formatSpan(lastedMs)}; ${left}`,
    details: { reason, lastedMs: Math.round(lastedMs), channels: channelCount },
  };
  return { told, channels };
}

function tellPublished({ trigger, source }: Of<'published'>): Found {
  const { name, data, channels } = trigger;
  const [channel = '', ...others] = channels;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const text = `${name} on ${channel}${more}${source === 'dashboard' ? ', from the Dashboard' : ''}`;
  return { told: { channel, name, text, data, details: { source, channels: channels.length } }, channels };
}

function tellEvent(event: WebhookEvent, wanting: number): Found {
  const { name, channel, user_id: userId, data, subscription_count: count } = fieldsOf(event);
  const who = userId === undefined ? '' : ` of user ${userId}`;
  const size = count === undefined ? '' : ` of ${count}`;
  const to = wanting === 0 ? 'no endpoint wants it' : `for ${plural(wanting, 'endpoint')}`;
  const told = { channel, name, ...userIn(userId), text: `${name}${size}${who} on ${channel}; ${to}` };
  return { told: { ...told, ...(data !== undefined && { data }) } };
}

function tellAttempt({ attempt, outcome, elapsedMs, retryInMs }: Of<'attempt'>): Found {
  const { bytes, channels } = attempt;
  const end = endOf(outcome);
  const next =
    retryInMs !== undefined
      ? `; again in ${formatSpan(retryInMs)}`
      : end.outcome === 'success'
        ? ''
        : '; not tried again';
  const found = tellPost(`attempt ${attempt.number}`, { ...attempt, end, elapsedMs });
  const { told } = found;
  return {
    ...found,
    told: { ...told, text: told.text + next, details: { ...told.details, bytes } },
    channels,
  };
}

function tellResent({ webhookId, endpointId, url, attempt, events }: Of<'resent'>): Found {
  const { number, elapsedMs, result, ...rest } = attempt;
  const end = { ...rest, outcome: result };
  return tellPost('sent again', { webhookId, endpointId, url, number, events, end, elapsedMs });
}

/** What came of a POST. */
function tellPost(
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
): Found {
  const { outcome, status, error, answer } = end;
  const failed = outcome === 'timeout' ? 'no answer in time' : (error ?? 'failed');
  const came = status === undefined ? failed : `answered ${status}`;
  const details = {
    id: webhookId,
    endpoint: endpointId,
    attempt: number,
    elapsedMs: Math.round(elapsedMs),
    ...(status !== undefined && { status }),
    ...(error !== undefined && { reason: error }),
  };
  const text = `${what}: ${came} in ${formatSpan(elapsedMs)}, ${plural(events, 'event')}`;
  const told = { name: url, text, details, ...(answer !== undefined && { data: answer }) };
  return { told, endpoint: endpointId, url, result: outcome };
}

function tellDropped({ reason, endpoint, events, webhookId, attempts }: Of<'dropped'>): Found {
  const { id, url } = endpoint;
  const text = `${plural(events, 'event')} dropped (${reason}) after ${plural(attempts, 'attempt')}`;
  const details = {
    endpoint: id,
    reason,
    attempt: attempts,
    ...(webhookId !== undefined && { id: webhookId }),
  };
  return { told: { name: url, text, details }, endpoint: id, url };
}

function tellRefused({ refusal }: Of<'refused'>): Found {
  const { kind, reason, fields } = refusal;
  const details: Record<string, string | number> = { refused: kind, reason };
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'number') details[name] = value;
    else if (typeof value === 'string') details[name] = clip(value);
  }
  const { socketId, channel, error } = fields;
  const about = typeof error === 'string' ? `: ${clip(error, 400)}` : '';
  const told = {
    name: reason,
    text: `${kind.replace('_', ' ')} refused (${reason})${about}`,
    details,
    ...(typeof socketId === 'string' && { socketId }),
    ...(typeof channel === 'string' && { channel: clip(channel) }),
  };
  return { told };
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A span for people: `350 ms`, `2.5 s`, `12 min`, `3.5 h`. */
export function formatSpan(ms: number): string {
  const short = (value: number): string => String(Math.round(value * 10) / 10);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${short(ms / 1000)} s`;
  if (ms < 7_200_000) return `${short(ms / 60_000)} min`;
  return `${short(ms / 3_600_000)} h`;
}
