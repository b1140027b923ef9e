import type { ConsoleRow } from '../../../views/server.ts';

/** Who an event is sent as, and to whom. */
export type CreatorWay = 'channels' | 'user' | 'client' | 'batch';

/** What was typed into the event creator. */
export interface Draft {
  readonly way: CreatorWay;
  /** Names, separated by commas, blanks or lines. */
  readonly channels: string;
  readonly userId: string;
  readonly socketId: string;
  readonly name: string;
  readonly data: string;
  /** The socket that does not get it. */
  readonly except: string;
  /** A batch: JSON, a list of events. */
  readonly batch: string;
  /** What is replayed: data that was indented to be read, and is not changed, is sent as it came. */
  readonly replayed?: { readonly shown: string; readonly sent: string };
}

/** An event as `POST publish` takes it. */
export interface PublishedEvent {
  readonly name: string;
  readonly channels: readonly string[];
  readonly data: string;
  readonly socket_id?: string;
}

/** What is sent, or what must be put right first. */
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

/** A published row as a draft, to be edited and sent again. */
export function draftOf(row: Pick<ConsoleRow, 'channel' | 'name' | 'data'>): Draft {
  const channel = row.channel ?? '';
  const userId = /^#server-to-user-(.+)$/.exec(channel)?.[1];
  const sent = row.data ?? '';
  const shown = pretty(sent);
  const common = { ...emptyDraft, name: row.name ?? '', data: shown, replayed: { shown, sent } };
  return userId === undefined ? { ...common, channels: channel } : { ...common, way: 'user', userId };
}

/** What kind of text the data is, said beside the field: data need not be JSON, but mostly is meant to be. */
export function describeData(data: string): { readonly isJson: boolean; readonly text: string } {
  if (data.trim() === '') return { isJson: false, text: 'Empty: sent as an empty text.' };
  const parsed = parse(data);
  return 'value' in parsed
    ? { isJson: true, text: `JSON: ${kindOf(parsed.value)}` }
    : { isJson: false, text: `Not JSON (${parsed.reason}): sent as it is, as a text.` };
}

/** The data as it is sent. */
export function dataOf({ data, replayed }: Draft): string {
  return data === replayed?.shown ? replayed.sent : data;
}

/** What `POST publish` is sent of a draft. */
export function eventsOf(draft: Draft): Checked<readonly PublishedEvent[]> {
  if (draft.way === 'batch') return batchOf(draft.batch);
  const channels = draft.way === 'user' ? userChannel(draft.userId) : namesIn(draft.channels);
  const faults = {
    ...(draft.name.trim() === '' && { name: 'The event needs a name.' }),
    ...(channels.length === 0 &&
      (draft.way === 'user' ? { userId: 'Say which user.' } : { channels: 'Name at least one channel.' })),
  };
  if (Object.keys(faults).length > 0) return { faults };
  const { name, except } = draft;
  const data = dataOf(draft);
  return {
    value: [{ name: name.trim(), channels, data, ...(except.trim() !== '' && { socket_id: except.trim() }) }],
  };
}

/** Names that are separated by commas, blanks or lines. */
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

/** Indented if it is JSON; big numbers and the order of keys stay, because the text is not written anew unless it says the same. */
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
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
