import type { BatchInput, EndpointInput, EndpointView } from '../../../views/settings.ts';
import { defaultEventNames, eventNames, type EventName } from '../../../webhooks/event.ts';
import type { Fault } from '../faults.ts';

/** The content of the form of an endpoint. Numbers and headers are text until they are saved. */
export interface EndpointDraft {
  readonly id: string;
  readonly url: string;
  readonly eventTypes: readonly EventName[];
  readonly startsWith: string;
  readonly endsWith: string;
  /** One per line: `Name: value`. */
  readonly headers: string;
  readonly isBatching: boolean;
  /** For empty numbers, the server's configuration applies. */
  readonly maxEvents: string;
  readonly maxDelayMs: string;
  readonly maxBytes: string;
  readonly standardSignature: boolean;
  readonly reconcile: boolean;
}

/** The form of a new endpoint. */
export const emptyDraft: EndpointDraft = {
  id: '',
  url: '',
  eventTypes: defaultEventNames,
  startsWith: '',
  endsWith: '',
  headers: '',
  isBatching: true,
  maxEvents: '',
  maxDelayMs: '',
  maxBytes: '',
  standardSignature: false,
  reconcile: false,
};

/** The form of an existing endpoint. */
export function draftOf(view: EndpointView): EndpointDraft {
  const { maxEvents, maxDelayMs, maxBytes } = view.ownBatch ?? {};
  const isOff = maxEvents === 1;
  return {
    id: view.id,
    url: view.url,
    eventTypes: view.eventTypes,
    startsWith: view.channels.startsWith,
    endsWith: view.channels.endsWith,
    headers: Object.entries(view.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    isBatching: view.batch.maxEvents > 1,
    maxEvents: isOff ? '' : numberText(maxEvents),
    maxDelayMs: numberText(maxDelayMs),
    maxBytes: numberText(maxBytes),
    standardSignature: view.standardSignature,
    reconcile: view.reconcile,
  };
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

/** Adds or removes an event type. The types stay in the order of the list. */
export function withEventType(draft: EndpointDraft, name: EventName, isOn: boolean): EndpointDraft {
  const chosen = eventNames.filter((one) => (one === name ? isOn : draft.eventTypes.includes(one)));
  return { ...draft, eventTypes: chosen };
}

/** The input to save, or what is wrong with the form. */
export type Checked = { readonly input: EndpointInput } | { readonly faults: readonly Fault[] };

/** Reads the form of a new or an existing endpoint. The server may still reject the values. */
export function checkDraft(draft: EndpointDraft, before?: EndpointView): Checked {
  const faults: Fault[] = [];
  if (draft.url.trim() === '')
    faults.push({ path: 'url', message: 'Enter a URL, such as https://example.com/webhooks.' });
  if (draft.eventTypes.length === 0)
    faults.push({
      path: 'eventTypes',
      message: 'Choose at least one event type. Without any, nothing is sent.',
    });
  const headers = readHeaders(draft.headers, faults);
  const batch = readBatch(draft, faults, before);
  if (faults.length > 0) return { faults };
  return {
    input: {
      ...(draft.id.trim() !== '' && { id: draft.id.trim() }),
      url: draft.url.trim(),
      eventTypes: draft.eventTypes,
      channels: { startsWith: draft.startsWith, endsWith: draft.endsWith },
      headers,
      standardSignature: draft.standardSignature,
      reconcile: draft.reconcile,
      batch,
    },
  };
}

function readHeaders(text: string, faults: Fault[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon < 1 || name === '')
      faults.push({ path: 'headers', message: `"${line.trim()}" is not a header. Write Name: value.` });
    else headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

function readBatch(draft: EndpointDraft, faults: Fault[], before: EndpointView | undefined): BatchInput {
  const isOffByServer = before?.batch.maxEvents === 1 && before.ownBatch?.maxEvents === undefined;
  if (!draft.isBatching) return isOffByServer ? (before.ownBatch ?? {}) : { maxEvents: 1 };
  if (isOffByServer && draft.maxEvents.trim() === '')
    faults.push({
      path: 'batch.maxEvents',
      message: 'Enter a number, because batching is off in the configuration of the server.',
    });
  const read = (key: 'maxEvents' | 'maxDelayMs' | 'maxBytes') => {
    const text = draft[key].trim();
    if (text === '') return {};
    if (!/^\d+$/.test(text)) {
      faults.push({ path: `batch.${key}`, message: `"${text}" is not a whole number.` });
      return {};
    }
    return { [key]: Number(text) };
  };
  return { ...read('maxEvents'), ...read('maxDelayMs'), ...read('maxBytes') };
}
