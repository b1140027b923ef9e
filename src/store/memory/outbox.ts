import { fresh, type DeliveryMachine } from '../../ports/delivery-source.ts';
import type { Outbox } from '../../ports/outbox.ts';

/** Keeps nothing: what is appended is taken in the same turn. `machine` is looked up then. */
export function createMemoryOutbox(machine: () => Pick<DeliveryMachine, 'take'>): Outbox {
  return {
    append(appId, events) {
      for (const event of events) machine().take(appId, event, fresh);
    },
    kept: () => undefined,
  };
}
