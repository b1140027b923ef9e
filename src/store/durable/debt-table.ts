import type { ChannelName } from '../../protocol/channel-name.ts';
import type { KeptDebt } from '../../webhooks/debts.ts';
import type { Database } from '../disk/database.ts';
import { hasFields, isNumber, isText, rowKeyOf, parse, partsOf } from './rows.ts';

/** A stored debt of an endpoint. */
export interface DebtOfEndpoint {
  readonly appId: string;
  readonly endpointId: string;
  readonly debt: KeptDebt;
}

/** What reconciled endpoints were last sent of the channels of which something was dropped. */
export class DebtTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The stored debts that are valid. */
  *restore(): Generator<DebtOfEndpoint, void> {
    for (const [key, text] of this.#database.entries('told')) {
      const [appId, endpointId, channel] = partsOf(key) ?? [];
      const debt = parse(text);
      if (appId === undefined || endpointId === undefined || !isDebt(debt) || debt.channel !== channel)
        continue;
      yield { appId, endpointId, debt };
    }
  }

  /** Stores a debt; undefined removes it. */
  changed(appId: string, endpointId: string, channel: ChannelName, debt: KeptDebt | undefined): void {
    const key = rowKeyOf(appId, endpointId, channel);
    if (debt === undefined) this.#database.remove('told', key);
    else this.#database.put('told', key, JSON.stringify(debt));
  }
}

function isDebt(value: unknown): value is KeptDebt {
  const isBoolean = (one: unknown): boolean => typeof one === 'boolean';
  const isSentEntry = (one: unknown): boolean =>
    Array.isArray(one) && isText(one[0]) && isBoolean(one[1]) && isNumber(one[2]);
  const areSentEntries = (all: unknown): boolean => Array.isArray(all) && all.every(isSentEntry);
  // Earlier versions did not store these.
  const isPlace = (one: unknown): boolean => one === undefined || isNumber(one);
  const places = { partialSeq: isPlace, vacatedSeq: isPlace };
  return hasFields(value, { channel: isText, isPartial: isBoolean, ...places, told: areSentEntries });
}
