import type { Clock } from '../../ports/clock.ts';
import type { Refusal } from '../../ports/refusals.ts';
import { noWitness, type Witness, type WitnessedConnection } from '../../ports/witness.ts';
import { Ring } from '../../recording/ring.ts';
import { ignoringSelected, type DeliverySubscriber } from '../../webhooks/delivery-facts.ts';
import type { RecordEntry } from './run-record.ts';

/** The maximum number of kept entries, and their maximum memory. */
export interface JournalBounds {
  readonly count: number;
  readonly bytes: number;
}

const usualBounds: JournalBounds = { count: 10_000, bytes: 32 * 1024 * 1024 };

/** The approximate memory of an entry without its texts. */
const overheadBytes = 300;

/** An entry before it has a time. */
export type NewEntry = RecordEntry extends infer Entry
  ? Entry extends RecordEntry
    ? Omit<Entry, 'atMs' | 'appId'>
    : never
  : never;

interface Kept {
  readonly seq: number;
  readonly bytes: number;
  readonly entry: RecordEntry;
}

/** The entries of one app, or of all apps, and how many are missing. */
export interface JournalPart {
  readonly entries: readonly RecordEntry[];
  readonly lost: number;
  /** How many deliveries began. */
  readonly deliveriesStarted: number;
}

/** Keeps, for records, what clients, backends and tests did and how deliveries ended, in order. */
export class Journal {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #entries: Ring<Kept>;
  /** By app: how many entries were deleted to make room. */
  readonly #lost = new Map<string | undefined, number>();
  /** By app: how many entries there had been before its own reset. Entries that concern all apps stay for the others. */
  readonly #clearedAt = new Map<string, { readonly all: number; readonly common: number }>();
  /** By app: how many deliveries began. */
  readonly #deliveriesStarted = new Map<string, number>();
  #made = 0;
  /** The number of entries that concern all apps. */
  #madeCommon = 0;
  #isFrozen = false;

  constructor(clock: Pick<Clock, 'now'>, bounds = usualBounds) {
    this.#clock = clock;
    this.#entries = new Ring(bounds, ({ entry }) => count(this.#lost, entry.appId));
  }

  /** Adds an entry for something that happens now. Without an app, it concerns all apps. */
  add(appId: string | undefined, entry: NewEntry, textBytes = 0): void {
    if (this.#isFrozen) return;
    this.#made += 1;
    if (appId === undefined) this.#madeCommon += 1;
    this.#entries.push({
      seq: this.#made,
      bytes: overheadBytes + textBytes,
      entry: { atMs: this.#clock.now(), ...(appId !== undefined && { appId }), ...entry },
    });
  }

  /** The entries of one app and those that concern all apps, since its reset; without an app, all entries. */
  part(appId?: string): JournalPart {
    const isSelected = (of: string | undefined): boolean =>
      appId === undefined || of === undefined || of === appId;
    const clearedAt = appId === undefined ? undefined : this.#clearedAt.get(appId);
    const entries = Array.from(this.#entries.from((clearedAt?.all ?? 0) + 1), ({ entry }) => entry);
    // The oldest entries are lost first, so those from before the reset are the first ones.
    const lostBefore = Math.min(this.#lost.get(undefined) ?? 0, clearedAt?.common ?? 0);
    return {
      entries: entries.filter((entry) => isSelected(entry.appId)),
      lost: sum(this.#lost, isSelected) - lostBefore,
      deliveriesStarted: sum(this.#deliveriesStarted, isSelected),
    };
  }

  /** Removes the entries of an app; without an app, all entries. */
  clear(appId?: string): void {
    const isSelected = (of: string | undefined): boolean => appId === undefined || of === appId;
    this.#entries.deleteAll(({ entry }) => isSelected(entry.appId));
    if (appId === undefined) {
      this.#clearedAt.clear();
      this.#madeCommon = 0;
    } else this.#clearedAt.set(appId, { all: this.#made, common: this.#madeCommon });
    for (const counts of [this.#lost, this.#deliveriesStarted]) {
      for (const of of counts.keys()) if (isSelected(of)) counts.delete(of);
    }
  }

  /** Adds nothing from now on, so that what a shutdown causes does not appear. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Observes what clients and backends do. */
  readonly witness: Witness = {
    ...noWitness,
    connected: (connection) => this.#of(connection, { kind: 'connected', socket_id: connection.socketId }),
    disconnected: (session, reason) =>
      this.#of(session, { kind: 'disconnected', socket_id: session.socketId, reason }),
    signedIn: (connection, userId) =>
      this.#of(connection, { kind: 'signed in', socket_id: connection.socketId, user_id: userId }),
    joined: (connection, channel, userId) =>
      this.#of(connection, {
        kind: 'subscribed',
        socket_id: connection.socketId,
        channel,
        ...(userId !== undefined && { user_id: userId }),
      }),
    left: (connection, { channel, userId }, how) => {
      // The entry of the disconnection covers all its channels.
      if (how === 'disconnected') return;
      this.#of(connection, {
        kind: 'unsubscribed',
        socket_id: connection.socketId,
        channel: channel.name,
        ...(userId !== undefined && { user_id: userId }),
      });
    },
    clientEvent: (connection, { channel, event, data }, userId) =>
      this.#of(
        connection,
        {
          kind: 'client event',
          socket_id: connection.socketId,
          channel,
          event,
          data,
          ...(userId !== undefined && { user_id: userId }),
        },
        data.length,
      ),
    published: (appId, { name, data, channels, except }, source) =>
      this.add(
        appId,
        {
          kind: 'published',
          source,
          channels,
          event: name,
          data,
          ...(except !== undefined && { socket_id: except }),
        },
        data.length + channels.join().length,
      ),
  };

  /** Receives refusals. Refusals of the control API and the Dashboard are not part of a run. */
  readonly refused = ({ kind: what, reason, appId, fields }: Refusal): void => {
    const { socketId, channel, status, route } = fields;
    if (what === 'request' && !String(route).startsWith('/apps/')) return;
    this.add(appId === '' ? undefined : appId, {
      kind: 'refused',
      what,
      reason,
      ...(typeof socketId === 'string' && { socket_id: socketId }),
      ...(typeof channel === 'string' && { channel }),
      ...(typeof status === 'number' && { status }),
    });
  };

  /** Receives delivery facts. */
  readonly onFact: DeliverySubscriber = ignoringSelected((fact) => {
    if (fact.kind === 'attempt-began' && fact.attempt.number === 1 && !this.#isFrozen) {
      count(this.#deliveriesStarted, fact.attempt.appId);
    }
    if (fact.kind !== 'decided') return;
    const { appId, endpoint, fate, events, webhookId } = fact;
    if (fate !== 'delivered') {
      const delivery = webhookId === undefined ? {} : { delivery: webhookId };
      const facts = { endpoint: endpoint.id, ...delivery, reason: fate, events: events.length };
      this.add(appId, { kind: 'dropped', ...facts });
    } else if (webhookId !== undefined) {
      this.add(appId, { kind: 'delivered', endpoint: endpoint.id, delivery: webhookId });
    }
  });

  #of({ app }: WitnessedConnection, entry: NewEntry, textBytes = 0): void {
    this.add(app.config.id, entry, textBytes);
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum<Key>(counts: ReadonlyMap<Key, number>, isSelected: (key: Key) => boolean): number {
  return [...counts].reduce((total, [key, times]) => (isSelected(key) ? total + times : total), 0);
}
