import { eventNames, type EventName } from './event.ts';
import type { WebhookEventFields } from './event-fields.ts';
import { isObject, kindOf } from '../protocol/json-value.ts';

/**
 * An event in a webhook's body, with exactly the fields that a backend receives.
 *
 * @since 0.1.0
 */
export type ReceivedEvent<Name extends EventName = EventName> = WebhookEventFields<Name>;

/** The body of a webhook. */
export interface ReceivedBody {
  /** When the webhook was created, in milliseconds since 1970. */
  readonly time_ms: number;
  readonly events: readonly ReceivedEvent[];
}

type FieldKind = 'string' | 'number';

/** The fields of each event besides `name` and `channel`. */
const fieldsOf: Readonly<Record<EventName, Readonly<Record<string, FieldKind>>>> = {
  channel_occupied: {},
  channel_vacated: {},
  cache_miss: {},
  member_added: { user_id: 'string' },
  member_removed: { user_id: 'string' },
  client_event: { event: 'string', data: 'string', socket_id: 'string' },
  subscription_count: { subscription_count: 'number' },
};

/** Parses a webhook's body. `message` states what differs from the documentation, with its path. */
export function parseReceived(
  text: string,
):
  | { readonly kind: 'ok'; readonly body: ReceivedBody }
  | { readonly kind: 'malformed'; readonly message: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed(text === '' ? 'the body is empty' : 'the body is not JSON');
  }
  const fault = findFault(value);
  if (fault !== undefined) return malformed(fault);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field has been checked
  return { kind: 'ok', body: value as ReceivedBody };
}

function malformed(message: string): { readonly kind: 'malformed'; readonly message: string } {
  return { kind: 'malformed', message };
}

function findFault(body: unknown): string | undefined {
  if (!isObject(body)) return `the body: expected an object, got ${kindOf(body)}`;
  const timeMs = body['time_ms'];
  if (!Number.isSafeInteger(timeMs)) return `time_ms: expected whole milliseconds, got ${kindOf(timeMs)}`;
  const events = body['events'];
  if (!Array.isArray(events)) return `events: expected an array, got ${kindOf(events)}`;
  for (const [index, event] of events.entries()) {
    const fault = findEventFault(event);
    if (fault !== undefined) return `events[${index}]${fault}`;
  }
  return undefined;
}

function findEventFault(event: unknown): string | undefined {
  if (!isObject(event)) return `: expected an object, got ${kindOf(event)}`;
  const name = eventNames.find((known) => known === event['name']);
  if (name === undefined) {
    const given =
      typeof event['name'] === 'string' ? `'${event['name'].slice(0, 60)}'` : kindOf(event['name']);
    return `.name: expected one of ${eventNames.join(', ')}, got ${given}`;
  }
  const optional = name === 'client_event' && event['user_id'] !== undefined ? { user_id: 'string' } : {};
  for (const [field, kind] of Object.entries({ channel: 'string', ...fieldsOf[name], ...optional })) {
    if (typeof event[field] !== kind) return `.${field}: expected a ${kind}, got ${kindOf(event[field])}`;
  }
  return undefined;
}
