import { consoleTypes, type ConsoleRow } from '../views/server.ts';
import type { Paint } from './paint.ts';
import { formatTime } from './print.ts';
import { excerpt, printable } from './printable.ts';

const longestType = Math.max(...consoleTypes.map(({ length }) => length));

/** One console row as a line for a person: time, app, type, and data if there are any. */
export function formatRow(row: ConsoleRow, paint: Paint): string {
  const { atMs, appId, type, text, data, details, socketId } = row;
  const isBad = type === 'webhook failed' || type.startsWith('refused');
  const label = type.padEnd(longestType);
  const endpoint = details?.['endpoint'];
  const marks = [
    ...(endpoint === undefined ? [] : [`endpoint ${String(endpoint)}`]),
    ...(details?.['id'] === undefined ? [] : [String(details['id'])]),
    ...(socketId === undefined ? [] : [`socket ${socketId}`]),
  ];
  return [
    paint.dim(formatTime(atMs)),
    // A row that does not concern an app keeps the columns of the others.
    appId === '' ? '-' : printable(appId),
    isBad ? paint.bad(label) : paint.bold(label),
    printable(text),
    ...(marks.length === 0 ? [] : [paint.dim(printable(`(${marks.join(', ')})`))]),
    ...(data === undefined || data === '' ? [] : [excerpt(data, 200)]),
  ].join(' ');
}
