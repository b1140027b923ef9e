import type { DeliveryStore, EventRef, KeptBatch } from '../ports/delivery-store.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Batch } from '../webhooks/batch.ts';
import { createPayload, type StartedPayload, type Payload } from '../webhooks/payload.ts';
import type { DeliveryOptions } from './delivery-options.ts';

/** Builds the bodies of an endpoint's batches, each once, and counts the deliveries that have begun. */
export class Payloads {
  readonly #options: Pick<DeliveryOptions, 'ids' | 'wallTime'>;
  /** The number of deliveries that have begun here. Do not write to it. */
  deliveriesStarted = 0;

  constructor(options: Pick<DeliveryOptions, 'ids' | 'wallTime'>) {
    this.#options = options;
  }

  /** The payload of the batch. `kept` is what another process has chosen for it. */
  of(batch: Batch, kept?: Pick<KeptBatch, 'id' | 'timeMs'>): StartedPayload {
    return (batch.payload ??= this.#make(batch, kept));
  }

  #make({ events }: Batch, kept: Pick<KeptBatch, 'id' | 'timeMs'> | undefined): StartedPayload {
    const { ids, wallTime } = this.#options;
    const id = kept?.id ?? ids.webhookId();
    const timeMs = kept?.timeMs ?? wallTime.now();
    if (kept === undefined) this.deliveriesStarted += 1;
    const { body } = createPayload({ id, timeMs, events: events.map(({ json }) => json) });
    return { id, timeMs, body, deliveriesStarted: kept === undefined ? this.deliveriesStarted : 0 };
  }
}

/** Stores a batch before its first attempt. False means that it is not stored, or not for certain. */
export function keepBatch(
  store: DeliveryStore,
  { app, endpoint }: { readonly app: { readonly id: string }; readonly endpoint: { readonly id: string } },
  { events }: Batch,
  { id, timeMs }: Payload,
): MaybePromise<boolean> {
  const refs: EventRef[] = [];
  for (const { share } of events) if (share?.ref !== undefined) refs.push(share.ref);
  const kept = store.keep({ id, appId: app.id, endpointId: endpoint.id, timeMs, refs });
  // The store itself reports why it rejects.
  return kept instanceof Promise ? kept.catch(() => false) : kept;
}
