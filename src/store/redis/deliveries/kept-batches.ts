import type { Millis } from '../../../ports/clock.ts';
import type { EventDispatcher } from '../../../ports/delivery-source.ts';
import type { EventRef, KeptBatch } from '../../../ports/delivery-store.ts';
import type { RedisDeliveries } from './deliveries.ts';
import { parseKeptBatch } from '../channels/kept.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import type { OutboxEvent } from './outboxes.ts';
import { parseRef } from './refs.ts';
import type { Rights } from './rights.ts';

/** The dependencies of reading batches. */
export interface KeptBatchesOptions {
  readonly link: Pick<RedisLink, 'run' | 'commands'>;
  readonly lead: LeadKeys;
  readonly nodeId: string;
  readonly newId: () => string;
}

/** A batch that a former owner kept. */
export interface InheritedBatch {
  readonly batch: KeptBatch;
  /** How many attempts have started. */
  readonly attempts: number;
  /** When the next attempt may start, in Redis's time. Never before the last attempt has ended. */
  readonly nextAt: Millis;
}

/** Another node may split the same batches at the same time. After this many tries, each of them is split. */
const maxTries = 20;

/**
 * Reads the batches whose events are in these partitions. A batch that also has events of other partitions is split first. Each
 * part has a new id, because its body is another one. All writes carry the node's token.
 */
export async function readInheritedBatches(
  options: KeptBatchesOptions,
  partitions: ReadonlySet<number>,
  rights: Rights,
): Promise<readonly InheritedBatch[]> {
  const { link, lead } = options;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const [texts, attempts] = await Promise.all([
      link.commands.hgetall(lead.batches),
      link.commands.hgetall(lead.attempts),
    ]);
    const affected = Object.entries(texts)
      .flatMap(([id, json]) => parseKeptBatch(id, json) ?? [])
      .filter(({ refs }) => refs.some((ref) => partitions.has(parseRef(ref).partition)));
    const mixed = affected.filter(
      ({ refs }) => !refs.every((ref) => partitions.has(parseRef(ref).partition)),
    );
    if (mixed.length === 0)
      return affected.map((batch) => toInheritedBatch(batch, attempts[batch.id], rights));
    for (const batch of mixed) await splitBatch(options, batch, partitions, rights.token);
  }
  throw new Error('batches with several owners could not be split');
}

/**
 * Hands a batch to the dispatcher, which waits at least `delayMs`. A batch that was already decided is settled instead, and its
 * events are updated in `events`.
 */
export function resumeBatch(
  { batch, attempts }: InheritedBatch,
  delayMs: Millis,
  events: Map<EventRef, OutboxEvent>,
  to: { readonly dispatcher: EventDispatcher; readonly store: Pick<RedisDeliveries, 'settle' | 'restored'> },
): void {
  const { id: batchId, appId, endpointId, refs } = batch;
  const found = refs.flatMap((ref) => events.get(ref) ?? []);
  const isDone = ({ settledFor }: OutboxEvent): boolean => settledFor.has(endpointId);
  if (found.length === refs.length && !found.some(isDone)) {
    to.store.restored(batch);
    to.dispatcher.restore({ ...batch, attempts, delayMs, events: found });
    return;
  }
  // The batch was settled in some partitions, and the former owner was interrupted before the rest.
  const rest = found.filter((event) => !isDone(event));
  for (const event of rest) {
    events.set(event.ref, { ...event, settledFor: new Set([...event.settledFor, endpointId]) });
  }
  const settled = rest.map(({ ref }) => ({ ref, isLast: false }));
  to.store.settle({ appId, endpointId, batchId, events: settled });
}

async function splitBatch(
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

function toInheritedBatch(
  batch: KeptBatch,
  attempts: string | undefined,
  { partitions }: Rights,
): InheritedBatch {
  const [started = 1, nextAt = 0, endsAt = Infinity] = (attempts ?? '1 0').split(' ').map(Number);
  const attemptsEndAt = Math.max(
    ...batch.refs.map((ref) => partitions.get(parseRef(ref).partition)?.attemptsEndAt ?? 0),
  );
  return { batch, attempts: started, nextAt: Math.max(nextAt, Math.min(endsAt, attemptsEndAt)) };
}
