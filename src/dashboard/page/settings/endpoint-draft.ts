import type { BatchInput, EndpointInput, EndpointView } from '../../../admin/views/settings.ts';
import { defaultEventNames, eventNames, type EventName } from '../../../webhooks/event.ts';
import type { Fault } from '../faults.ts';

/** An endpoint as it stands in the form: numbers and headers are text until they are saved. */
export interface EndpointDraft {
  readonly id: string;
  readonly url: string;
  readonly eventTypes: readonly EventName[];
  readonly startsWith: string;
  readonly endsWith: string;
  /** One a line: `Name: value`. */
  readonly headers: string;
  readonly isBatching: boolean;
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

/** The form of an endpoint that there is. */
export function draftOf(view: EndpointView): EndpointDraft {
  const isBatching = view.batch.maxEvents > 1;
  return {
    id: view.id,
    url: view.url,
    eventTypes: view.eventTypes,
    startsWith: view.channels.startsWith,
    endsWith: view.channels.endsWith,
    headers: Object.entries(view.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    isBatching,
    maxEvents: isBatching ? String(view.batch.maxEvents) : '',
    maxDelayMs: String(view.batch.maxDelayMs),
    maxBytes: String(view.batch.maxBytes),
    standardSignature: view.standardSignature,
    reconcile: view.reconcile,
  };
}

/** With this event type chosen or not, in the order in which they are listed. */
export function withEventType(draft: EndpointDraft, name: EventName, isOn: boolean): EndpointDraft {
  const chosen = eventNames.filter((one) => (one === name ? isOn : draft.eventTypes.includes(one)));
  return { ...draft, eventTypes: chosen };
}

/** What is sent to be saved, or what is wrong with what was typed. */
export type Checked = { readonly input: EndpointInput } | { readonly faults: readonly Fault[] };

/** Reads the form. Whether the server takes the values, only it can say. */
export function checkDraft(draft: EndpointDraft): Checked {
  const faults: Fault[] = [];
  if (draft.url.trim() === '')
    faults.push({ path: 'url', message: 'Enter a URL, such as https://example.com/webhooks.' });
  if (draft.eventTypes.length === 0)
    faults.push({
      path: 'eventTypes',
      message: 'Choose at least one event type; without any, nothing is sent.',
    });
  const headers = readHeaders(draft.headers, faults);
  const batch = readBatch(draft, faults);
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
      faults.push({ path: 'headers', message: `"${line.trim()}" is no header; write Name: value.` });
    else headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

function readBatch(draft: EndpointDraft, faults: Fault[]): BatchInput {
  if (!draft.isBatching) return { maxEvents: 1 };
  const read = (key: 'maxEvents' | 'maxDelayMs' | 'maxBytes') => {
    const text = draft[key].trim();
    if (text === '') return {};
    if (!/^\d+$/.test(text)) {
      faults.push({ path: `batch.${key}`, message: `"${text}" is no whole number.` });
      return {};
    }
    return { [key]: Number(text) };
  };
  return { ...read('maxEvents'), ...read('maxDelayMs'), ...read('maxBytes') };
}
