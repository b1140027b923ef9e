import { invalidQuestion } from '../operations/operation-error.ts';
import { numberOf, textOf, type Question } from '../operations/operation.ts';
import { isSearchFault, parseSearch, searchKeys, type Search } from '../recording/search.ts';

/** The search of a request, or undefined if there is none. Throws if it is not valid. */
export function searchOf(question: Question, nowMs: number): Search | undefined {
  const text = textOf(question, 'q') ?? '';
  if (text.trim() === '') return undefined;
  const search = parseSearch(text, searchKeys, nowMs);
  if (isSearchFault(search)) throw invalidQuestion(`q: ${search.message}`);
  return search;
}

/** The `limit` of a request. Throws unless it is a whole number from 1 to `max`. */
export function limitOf(question: Question, defaultLimit: number, max: number): number {
  const limit = numberOf(question, 'limit') ?? defaultLimit;
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw invalidQuestion(`limit: expected a whole number from 1 to ${max}, got ${limit}`);
}

/** The `before` of a request, or undefined for the newest items. Throws unless it is a whole number. */
export function beforeOf(question: Question): number | undefined {
  const before = numberOf(question, 'before');
  if (before === undefined || (Number.isSafeInteger(before) && before >= 0)) return before;
  throw invalidQuestion(`before: expected the "next" of the previous page, got ${before}`);
}
