import type { EndpointHistory, HistoryKeeper } from '../../ports/endpoint-history.ts';
import type { Database } from '../disk/database.ts';
import { hasFields, isNumber, partsOf, rowKeyOf } from './rows.ts';
import { isText, parseJson } from '../../protocol/json-value.ts';

/** Which address each endpoint has, when it got it, and how much was resent to it. */
export class EndpointTable implements HistoryKeeper {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What is stored and valid. Call it once. */
  *restore(): Generator<readonly [appId: string, endpointId: string, history: EndpointHistory], void> {
    for (const [key, text] of this.#database.entries('endpoints')) {
      const [appId, endpointId] = partsOf(key) ?? [];
      const history = parseJson(text);
      if (appId !== undefined && endpointId !== undefined && isHistory(history)) {
        yield [appId, endpointId, history];
      }
    }
  }

  put(appId: string, endpointId: string, history: EndpointHistory): void {
    this.#database.put('endpoints', rowKeyOf(appId, endpointId), JSON.stringify(history));
  }

  remove(appId: string, endpointId: string): void {
    this.#database.remove('endpoints', rowKeyOf(appId, endpointId));
  }
}

function isHistory(value: unknown): value is EndpointHistory {
  const isOptionalTime = (field: unknown): boolean => field === undefined || isNumber(field);
  return hasFields(value, { url: isText, resent: isNumber, urlChangedAtMs: isOptionalTime });
}
