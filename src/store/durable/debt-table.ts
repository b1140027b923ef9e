import type { DebtPlace, KeptDebt, Received, ReceivedByEndpoint } from '../../webhooks/debt-keeper.ts';
import type { Selection } from '../../webhooks/endpoint.ts';
import { isEventName } from '../../webhooks/event.ts';
import type { Database } from '../disk/database.ts';
import { hasFields, isNumber, isTexts, partsOf, rowKeyOf } from './rows.ts';
import { isText, parseJson } from '../../protocol/json-value.ts';

/** A stored debt of an endpoint. */
export interface DebtOfEndpoint {
  readonly appId: string;
  readonly endpointId: string;
  readonly debt: KeptDebt;
}

/** What an earlier run knew. */
export interface KeptKnowledge {
  readonly debts: readonly DebtOfEndpoint[];
  /** What endpoints had received; undefined if not all of that was stored. */
  readonly received: readonly ReceivedByEndpoint[] | undefined;
}

/** The entry in `meta` that an earlier version did not write, which stored neither all debts nor what endpoints have received. */
const complete = 'told';

/** What endpoints were last sent of the channels of which something was dropped, and of which events they have received all. */
export class DebtTable {
  readonly #database: Database;
  /** Whether the previous run stored everything. */
  readonly #isComplete: boolean;
  /** Debts that have changed since the last write, by key. A debt may change many times until then. */
  readonly #changed = new Map<string, () => KeptDebt | undefined>();

  /** `meta` is the content of that table at the start. */
  constructor(database: Database, meta: ReadonlyMap<unknown, string>) {
    this.#database = database;
    this.#isComplete = meta.has(complete);
  }

  /** What every endpoint has received is stored from now on, in the same write. */
  completed(): void {
    this.#database.put('meta', complete, '1');
  }

  /** What is stored and valid. Call it once. */
  restore(): KeptKnowledge {
    const debts: DebtOfEndpoint[] = [];
    const received: ReceivedByEndpoint[] = [];
    for (const [key, text] of this.#database.entries('told')) {
      const [appId, endpointId, channel] = partsOf(key) ?? [];
      const row = parseJson(text);
      if (appId === undefined || endpointId === undefined) continue;
      if (isDebt(row) && row.channel === channel) debts.push({ appId, endpointId, debt: row });
      else if (isReceived(row) && channel === undefined) {
        const [selection] = row.received.map(readSelection);
        received.push({ appId, endpointId, selection, former: row.former.map(readSelection) });
      }
    }
    return { debts, received: this.#isComplete ? received : undefined };
  }

  /** The debt of a channel has changed. `read` returns it when it is written; undefined if there is none any more. */
  changed({ appId, endpointId, channel }: DebtPlace, read: () => KeptDebt | undefined): void {
    const key = rowKeyOf(appId, endpointId, channel);
    // This reserves its position in the next write; its content is filled in by then.
    if (!this.#changed.has(key)) this.#database.put('told', key, '');
    this.#changed.set(key, read);
  }

  /** Stores what an endpoint has received; undefined: it does not exist any more. */
  received(appId: string, endpointId: string, received: Received | undefined): void {
    const key = rowKeyOf(appId, endpointId);
    if (received === undefined) return this.#database.remove('told', key);
    const { selection, former } = received;
    const row: ReceivedRow = {
      received: selection === undefined ? [] : [writeSelection(selection)],
      former: former.map(writeSelection),
    };
    this.#database.put('told', key, JSON.stringify(row));
  }

  /** Removes what is known of the endpoints of these apps. Returns what the endpoints of the other apps had received. */
  forget(apps: readonly string[], { debts, received }: KeptKnowledge): KeptKnowledge['received'] {
    const isGone = ({ appId }: { readonly appId: string }): boolean => apps.includes(appId);
    for (const { appId, endpointId, debt } of debts.filter(isGone)) {
      this.changed({ appId, endpointId, channel: debt.channel }, () => undefined);
    }
    for (const { appId, endpointId } of received?.filter(isGone) ?? []) {
      this.received(appId, endpointId, undefined);
    }
    return received?.filter((one) => !isGone(one));
  }

  /** Puts the changes since the last write. */
  prepare(): void {
    for (const [key, read] of this.#changed) {
      const debt = read();
      if (debt === undefined) this.#database.remove('told', key);
      else this.#database.put('told', key, JSON.stringify(debt));
    }
    this.#changed.clear();
  }
}

interface ReceivedRow {
  /** None or one. */
  readonly received: readonly WrittenSelection[];
  readonly former: readonly WrittenSelection[];
}

type WrittenSelection = readonly [eventTypes: readonly string[], startsWith: string, endsWith: string];

function writeSelection({ eventTypes, channels }: Selection): WrittenSelection {
  return [[...eventTypes], channels.startsWith ?? '', channels.endsWith ?? ''];
}

function readSelection([eventTypes, startsWith, endsWith]: WrittenSelection): Selection {
  return { eventTypes: new Set(eventTypes.filter(isEventName)), channels: { startsWith, endsWith } };
}

function isReceived(value: unknown): value is ReceivedRow {
  const isSelection = (one: unknown): boolean =>
    Array.isArray(one) && isTexts(one[0]) && isText(one[1]) && isText(one[2]);
  const areSelections = (all: unknown): boolean => Array.isArray(all) && all.every(isSelection);
  return hasFields(value, { received: areSelections, former: areSelections });
}

function isDebt(value: unknown): value is KeptDebt {
  const isBoolean = (one: unknown): boolean => typeof one === 'boolean';
  // Earlier versions did not store all of them.
  const isPlace = (one: unknown): boolean => one === undefined || isNumber(one);
  const isSentEntry = (one: unknown): boolean =>
    Array.isArray(one) &&
    isText(one[0]) &&
    (one[1] === null || isBoolean(one[1])) &&
    isNumber(one[2]) &&
    isPlace(one[3]) &&
    (one[4] === undefined || isBoolean(one[4]));
  const areSentEntries = (all: unknown): boolean => Array.isArray(all) && all.every(isSentEntry);
  const places = { partialSeq: isPlace, vacatedSeq: isPlace };
  return hasFields(value, { channel: isText, isPartial: isBoolean, ...places, told: areSentEntries });
}
