import { limitTable } from '../../protocol/limits.ts';
import { clientCode, serverCode } from './overview/snippet-code.ts';
import { searchKeys } from './search-keys.ts';
import { rotation } from './settings/rotation.ts';
import { expressCode, laravelCode, nextCode } from './webhooks/handler-code.ts';

/**
 * Long texts that few visits need. The build writes them into a file beside the page, which the page fetches on demand.
 */
export const reference = {
  limits: limitTable,
  search: searchKeys,
  rotation,
  snippets: { client: clientCode, server: serverCode },
  handlers: { express: expressCode, next: nextCode, laravel: laravelCode },
} as const;

/** The content of that file. */
export type Reference = typeof reference;
