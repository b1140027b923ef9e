import { notStored, type EventDispatcher } from '../../ports/delivery-source.ts';
import type { Outbox } from '../../ports/outbox.ts';

/** Stores nothing: appended events are passed on in the same turn. `dispatcher` is called for each of them. */
export function createMemoryOutbox(dispatcher: () => Pick<EventDispatcher, 'take'>): Outbox {
  return {
    append(appId, events) {
      for (const event of events) dispatcher().take(appId, event, notStored);
    },
    kept: () => undefined,
  };
}
