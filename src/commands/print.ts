import { formatTable, type Column } from './table.ts';

/** Writes one object as a line of JSON. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Writes a line for a person. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a note to standard error, so that it does not mix with the result. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes a table, at most as wide as the terminal. In a pipe nothing is clipped. */
export function printTable(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  process.stdout.write(formatTable(columns, rows, width));
}

/** Writes name and value pairs, one per line. Undefined values are left out. */
export function printFacts(facts: Readonly<Record<string, string | undefined>>): void {
  const known = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const longest = Math.max(0, ...known.map(([name = '']) => name.length));
  for (const [name = '', value = ''] of known) printLine(`${name.padEnd(longest)}  ${value}`);
}

/** A point in time in the zone of this machine: `2026-01-31 12:03:04`. */
export function formatMoment(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The time of day in the zone of this machine: `12:03:04.200`. */
export function formatTime(ms: number): string {
  return `${formatMoment(ms).slice(11)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;
}

/** A number of bytes: `512 B`, `64 KB`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const short = (value: number): string => String(Math.round(value * 10) / 10);
  return bytes < 1024 * 1024 ? `${short(bytes / 1024)} KB` : `${short(bytes / 1024 / 1024)} MB`;
}
