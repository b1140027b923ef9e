import { invalidQuestion } from '../operations/operation-error.ts';
import { textOf, type Operation, type Question } from '../operations/operation.ts';
import {
  parseConsoleTypes,
  type ConsoleFeed,
  type ConsoleFilter,
} from '../recording/console/console-feed.ts';
import type { WallTime } from '../ports/clock.ts';
import { ref } from './schemas.ts';
import { beforeOf, limitOf, searchOf } from './list-parameters.ts';
import { consoleTypes } from '../views/server.ts';

/** What the operations of the debug console need. */
export interface ConsoleParts {
  readonly feed: ConsoleFeed;
  readonly wallTime: WallTime;
}

const maxRows = 1000;
const defaultRows = 200;

/** The query parameters that select rows. */
export const consoleQuery = {
  app: 'Only rows of this app. Default: all apps.',
  types: 'Only rows of these types, separated by commas. Default: all types.',
  q: 'A search, such as `channel:presence-* user:42`.',
};

/** The operations of the debug console. */
export function consoleOperations({ feed, wallTime }: ConsoleParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/console',
      id: 'readConsole',
      summary: 'The kept rows of the debug console, newest last.',
      query: {
        ...consoleQuery,
        limit: `Rows, at most ${maxRows}. Default: ${defaultRows}.`,
        before: 'Only rows before the row with this number.',
      },
      answer: ref('ConsoleRows'),
      run(question) {
        const before = beforeOf(question);
        return feed.read({
          ...filterOf(question, wallTime.now()),
          limit: limitOf(question, defaultRows, maxRows),
          ...(before !== undefined && { before }),
        });
      },
    },
  ];
}

/** The filter of a request. Throws if a parameter is not valid. */
export function filterOf(question: Question, nowMs: number): ConsoleFilter {
  const appId = textOf(question, 'app');
  const named = textOf(question, 'types');
  const types = named === undefined ? undefined : parseConsoleTypes(named, consoleTypes);
  if (types !== undefined && 'message' in types) throw invalidQuestion(types.message);
  const query = searchOf(question, nowMs);
  return { ...(appId !== undefined && { appId }), ...(types && { types }), ...(query && { query }) };
}
