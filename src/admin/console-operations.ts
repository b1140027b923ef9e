import { invalidQuestion } from '../operations/operation-error.ts';
import { textOf, type Operation, type Question } from '../operations/operation.ts';
import { parseConsoleTypes, type ConsoleFeed, type ConsoleFilter } from '../recording/console-feed.ts';
import type { WallTime } from '../ports/clock.ts';
import { ref } from './schemas.ts';
import { beforeOf, limitOf, searchOf } from './search-of.ts';
import { consoleTypes } from '../views/server.ts';

/** What the debug console works on. */
export interface ConsoleParts {
  readonly feed: ConsoleFeed;
  readonly wallTime: WallTime;
}

const mostRows = 1000;
const usualRows = 200;

/** The parameters of a query by which rows are chosen. */
export const consoleQuery = {
  app: 'Only rows of this app; without it, of all.',
  types: 'Only rows of these types, separated by commas; without it, of all.',
  q: 'What to search, such as `channel:presence-* user:42`.',
};

/** What happened of late, for people. */
export function consoleOperations({ feed, wallTime }: ConsoleParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/console',
      id: 'readConsole',
      summary: 'Rows of the debug console, as far as they are kept; the newest last.',
      query: {
        ...consoleQuery,
        limit: `Rows, at most ${mostRows}; ${usualRows} by default.`,
        before: 'The number of a row: those before it.',
      },
      answer: ref('ConsoleRows'),
      run(question) {
        const before = beforeOf(question);
        return feed.read({
          ...filterOf(question, wallTime.now()),
          limit: limitOf(question, usualRows, mostRows),
          ...(before !== undefined && { before }),
        });
      },
    },
  ];
}

/** Which rows are asked for. Throws when that cannot be understood. */
export function filterOf(question: Question, nowMs: number): ConsoleFilter {
  const appId = textOf(question, 'app');
  const named = textOf(question, 'types');
  const types = named === undefined ? undefined : parseConsoleTypes(named, consoleTypes);
  if (types !== undefined && 'message' in types) throw invalidQuestion(types.message);
  const query = searchOf(question, nowMs);
  return { ...(appId !== undefined && { appId }), ...(types && { types }), ...(query && { query }) };
}
