import type { ConsoleRow } from '../../../views/server.ts';

/** How an event is sent: as a backend or as a client, and to which target. */
export type CreatorWay = 'channels' | 'user' | 'client' | 'batch';

/** The content of the form of the event creator. */
export interface Draft {
  readonly way: CreatorWay;
  /** The app that was chosen, or that published the replayed event. If absent, it is the first one. */
  readonly app?: string;
  /** Names, separated by commas, spaces or line breaks. */
  readonly channels: string;
  readonly userId: string;
  readonly socketId: string;
  readonly name: string;
  readonly data: string;
  /** The connection that does not receive the event. */
  readonly except: string;
  /** A batch: a JSON list of events. */
  readonly batch: string;
  /** The replayed data. If the indented form is not edited, the original text is sent. */
  readonly replayed?: { readonly shown: string; readonly sent: string };
}

/** An event in the form that `POST publish` accepts. */
export interface PublishedEvent {
  readonly name: string;
  readonly channels: readonly string[];
  readonly data: string;
  readonly socket_id?: string;
}

/** A valid value, or the faults of the form. */
export type Checked<Value> =
  { readonly value: Value } | { readonly faults: Readonly<Record<string, string>> };

const batchExample = `[
  { "name": "order-paid", "channels": ["orders"], "data": { "id": 1 } },
  { "name": "order-sent", "channels": ["orders"], "data": { "id": 1 } }
]`;

export const emptyDraft: Draft = {
  way: 'channels',
  channels: '',
  userId: '',
  socketId: '',
  name: '',
  data: '{}',
  except: '',
  batch: batchExample,
};

/** A draft from a published row, to edit and send again. */
export function draftOf(row: Pick<ConsoleRow, 'appId' | 'channel' | 'name' | 'data'>): Draft {
  const channel = row.channel ?? '';
  const userId = /^#server-to-user-(.+)$/.exec(channel)?.[1];
  const sent = row.data ?? '';
  const shown = pretty(sent);
  const common = {
    ...emptyDraft,
    app: row.appId,
    name: row.name ?? '',
    data: shown,
    replayed: { shown, sent },
  };
  return userId === undefined ? { ...common, channels: channel } : { ...common, way: 'user', userId };
}

/** The changes for another app, which has other connections. */
export function withoutConnections({ way }: Draft): Partial<Draft> {
  return { socketId: '', except: '', ...(way === 'client' && { channels: '' }) };
}

/** Describes the data for a hint at the field. Data need not be JSON, but usually is. */
export function describeData(data: string): { readonly isJson: boolean; readonly text: string } {
  if (data.trim() === '') return { isJson: false, text: 'Empty. It is sent as an empty string.' };
  const parsed = parse(data);
  return 'value' in parsed
    ? { isJson: true, text: `JSON: ${kindOf(parsed.value)}` }
    : { isJson: false, text: `Not JSON (${parsed.reason}). It is sent as a string.` };
}

/** The data to send. */
export function dataOf({ data, replayed }: Draft): string {
  return data === replayed?.shown ? replayed.sent : data;
}

/** The events of a draft, for `POST publish`. */
export function eventsOf(draft: Draft): Checked<readonly PublishedEvent[]> {
  if (draft.way === 'batch') return batchOf(draft.batch);
  const channels = draft.way === 'user' ? userChannel(draft.userId) : namesIn(draft.channels);
  const faults = {
    ...(draft.name.trim() === '' && { name: 'The event needs a name.' }),
    ...(channels.length === 0 &&
      (draft.way === 'user' ? { userId: 'Enter a user id.' } : { channels: 'Enter at least one channel.' })),
  };
  if (Object.keys(faults).length > 0) return { faults };
  const { name, except } = draft;
  const data = dataOf(draft);
  return {
    value: [{ name: name.trim(), channels, data, ...(except.trim() !== '' && { socket_id: except.trim() }) }],
  };
}

/** The names in a text, separated by commas, spaces or line breaks. */
export function namesIn(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
}

function userChannel(userId: string): readonly string[] {
  return userId === '' ? [] : [`#server-to-user-${userId}`];
}

function batchOf(text: string): Checked<readonly PublishedEvent[]> {
  const parsed = parse(text);
  if (!('value' in parsed)) return { faults: { batch: `Not JSON: ${parsed.reason}` } };
  const { value } = parsed;
  if (!Array.isArray(value) || value.length === 0)
    return { faults: { batch: `Expected a list of events, got ${kindOf(value)}.` } };
  const events: PublishedEvent[] = [];
  for (const [index, item] of value.entries()) {
    const event = eventIn(item);
    if (event === undefined)
      return {
        faults: { batch: `Event ${index + 1}: expected { "name", "channels" or "channel", "data" }.` },
      };
    events.push(event);
  }
  return { value: events };
}

function eventIn(item: unknown): PublishedEvent | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...item };
  const { name, channel, data, socket_id: socketId } = fields;
  const channels = Array.isArray(fields['channels']) ? fields['channels'] : [channel];
  if (typeof name !== 'string' || !channels.every((one) => typeof one === 'string')) return undefined;
  return {
    name,
    channels,
    data: typeof data === 'string' ? data : JSON.stringify(data ?? null),
    ...(typeof socketId === 'string' && { socket_id: socketId }),
  };
}

function parse(text: string): { readonly value: unknown } | { readonly reason: string } {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Indents JSON, unless parsing and writing it would change the text, as with large numbers. */
function pretty(data: string): string {
  const parsed = parse(data);
  if (!('value' in parsed) || typeof parsed.value !== 'object' || parsed.value === null) return data;
  return JSON.stringify(parsed.value) === data ? JSON.stringify(parsed.value, undefined, 2) : data;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1' : `a list of ${value.length}`;
  if (typeof value === 'object') {
    const count = Object.keys(value).length;
    return count === 1 ? 'an object with 1 field' : `an object with ${count} fields`;
  }
  return `a ${typeof value}`;
}
