import type { DeliveryStore, EventRef, KeptBatch } from '../ports/delivery-store.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Batch } from '../webhooks/batch.ts';
import type { Decided } from '../webhooks/delivery-facts.ts';
import { createPayload, type Payload } from '../webhooks/payload.ts';
import type { DeliveryOptions } from './delivery-options.ts';

/** The bodies of an endpoint's batches, each made once, and how many of its deliveries have begun. */
export class Payloads {
  readonly #options: Pick<DeliveryOptions, 'ids' | 'wallTime'>;
  readonly #made = new WeakMap<Batch, Payload & Pick<Decided, 'begun'>>();
  #begun = 0;

  constructor(options: Pick<DeliveryOptions, 'ids' | 'wallTime'>) {
    this.#options = options;
  }

  /** Deliveries that have begun here. */
  get begun(): number {
    return this.#begun;
  }

  /** Undefined: the batch has none yet. */
  find(batch: Batch): (Payload & Pick<Decided, 'begun'>) | undefined {
    return this.#made.get(batch);
  }

  /** That of the batch; `kept` is what another process gave it. */
  of(batch: Batch, kept?: Pick<KeptBatch, 'id' | 'timeMs'>): Payload {
    const known = this.#made.get(batch);
    if (known !== undefined) return known;
    const { ids, wallTime } = this.#options;
    const payload = createPayload({
      id: kept?.id ?? ids.webhookId(),
      timeMs: kept?.timeMs ?? wallTime.now(),
      events: batch.events.map(({ json }) => json),
    });
    if (kept === undefined) this.#begun += 1;
    this.#made.set(batch, { ...payload, begun: kept === undefined ? this.#begun : 0 });
    return payload;
  }
}

/** Has the store keep a batch before its first attempt; false: it is not kept, or not for certain. */
export function keepBatch(
  store: DeliveryStore,
  { app, endpoint }: { readonly app: { readonly id: string }; readonly endpoint: { readonly id: string } },
  { events }: Batch,
  { id, timeMs }: Payload,
): MaybePromise<boolean> {
  const refs: EventRef[] = [];
  for (const { share } of events) if (share?.ref !== undefined) refs.push(share.ref);
  const kept = store.keep({ id, appId: app.id, endpointId: endpoint.id, timeMs, refs });
  // Why it rejects is the store's to report: it knows what it talks to.
  return kept instanceof Promise ? kept.catch(() => false) : kept;
}
