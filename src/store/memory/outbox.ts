import { fresh, type DeliveryMachine } from '../../ports/delivery-source.ts';
import type { Outbox } from '../../ports/outbox.ts';

/** Stores nothing: appended events are passed on in the same turn. `machine` is called for each of them. */
export function createMemoryOutbox(machine: () => Pick<DeliveryMachine, 'take'>): Outbox {
  return {
    append(appId, events) {
      for (const event of events) machine().take(appId, event, fresh);
    },
    kept: () => undefined,
  };
}
