import type { Millis } from '../../../ports/clock.ts';
import type { DeliveryMachine } from '../../../ports/delivery-source.ts';
import type { EventRef, KeptBatch } from '../../../ports/delivery-store.ts';
import type { RedisDeliveries } from './deliveries.ts';
import { parseKeptBatch } from '../channels/kept.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import type { OutboxEvent } from './outboxes.ts';
import { parseRef } from './refs.ts';
import type { Rights } from './rights.ts';

/** What reading batches needs. */
export interface KeptBatchesOptions {
  readonly link: Pick<RedisLink, 'run' | 'commands'>;
  readonly lead: LeadKeys;
  readonly nodeId: string;
  readonly newId: () => string;
}

/** A batch that a former owner kept. */
export interface LeftBatch {
  readonly batch: KeptBatch;
  /** Attempts begun. */
  readonly attempts: number;
  /** When the next one may begin, in Redis's time: not before the last one has ended. */
  readonly nextAt: Millis;
}

/** Another node tears the same batches while this one does: after so many looks each of them is torn. */
const mostLooks = 20;

/**
 * The batches whose events are in these partitions. One that has others as well is torn first: each part has another id, because
 * its body is another one. All of it is under the node's token.
 */
export async function readLeftBatches(
  options: KeptBatchesOptions,
  partitions: ReadonlySet<number>,
  rights: Rights,
): Promise<readonly LeftBatch[]> {
  const { link, lead } = options;
  for (let look = 0; look < mostLooks; look += 1) {
    const [texts, attempts] = await Promise.all([
      link.commands.hgetall(lead.batches),
      link.commands.hgetall(lead.attempts),
    ]);
    const concerned = Object.entries(texts)
      .flatMap(([id, json]) => parseKeptBatch(id, json) ?? [])
      .filter(({ refs }) => refs.some((ref) => partitions.has(parseRef(ref).partition)));
    const mixed = concerned.filter(
      ({ refs }) => !refs.every((ref) => partitions.has(parseRef(ref).partition)),
    );
    if (mixed.length === 0) return concerned.map((batch) => leave(batch, attempts[batch.id], rights));
    for (const batch of mixed) await tear(options, batch, partitions, rights.token);
  }
  throw new Error('batches that have several owners could not be torn');
}

/**
 * Has the machine go on with a batch, at the earliest so much later; one that was decided already is settled instead. What is
 * settled so is changed in `events`.
 */
export function goOnWith(
  { batch, attempts }: LeftBatch,
  delayMs: Millis,
  events: Map<EventRef, OutboxEvent>,
  to: { readonly machine: DeliveryMachine; readonly store: Pick<RedisDeliveries, 'settle' | 'restored'> },
): void {
  const { id: batchId, appId, endpointId, refs } = batch;
  const found = refs.flatMap((ref) => events.get(ref) ?? []);
  const isDone = ({ settledFor }: OutboxEvent): boolean => settledFor.has(endpointId);
  if (found.length === refs.length && !found.some(isDone)) {
    to.store.restored(batch);
    to.machine.restore({ ...batch, attempts, delayMs, events: found });
    return;
  }
  // It was settled in some partitions, and the rest was cut off.
  const rest = found.filter((event) => !isDone(event));
  for (const event of rest) {
    events.set(event.ref, { ...event, settledFor: new Set([...event.settledFor, endpointId]) });
  }
  const settled = rest.map(({ ref }) => ({ ref, isLast: false }));
  to.store.settle({ appId, endpointId, batchId, events: settled });
}

async function tear(
  { link, lead, nodeId, newId }: KeptBatchesOptions,
  { id, refs, ...rest }: KeptBatch,
  partitions: ReadonlySet<number>,
  token: number,
): Promise<void> {
  const isOwn = (ref: string): boolean => partitions.has(parseRef(ref).partition);
  const parts = [refs.filter(isOwn), refs.filter((ref) => !isOwn(ref))];
  const named = parts.flatMap((part) => [newId(), JSON.stringify({ ...rest, refs: part })]);
  await link.run('split', [lead.lead, lead.batches, lead.attempts], [nodeId, token, id, ...named]);
}

function leave(batch: KeptBatch, attempts: string | undefined, { partitions }: Rights): LeftBatch {
  const [begun = 1, nextAt = 0, endsAt = Infinity] = (attempts ?? '1 0').split(' ').map(Number);
  const calmAt = Math.max(...batch.refs.map((ref) => partitions.get(parseRef(ref).partition)?.calmAt ?? 0));
  return { batch, attempts: begun, nextAt: Math.max(nextAt, Math.min(endsAt, calmAt)) };
}
