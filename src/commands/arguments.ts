import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { nearest } from '../config/checks/nearest.ts';
import { UsageError } from './command.ts';

/** Parsers of option values. Each returns the value, or throws an error that states what is accepted. */

export function port(text: string): number {
  return wholeNumber(text, 0, 65_535);
}

export function milliseconds(text: string): number {
  return wholeNumber(text, 0, 86_400_000);
}

export function count(text: string): number {
  return wholeNumber(text, 1, 1_000_000_000);
}

/** Milliseconds since 1970. */
export function moment(text: string): number {
  return wholeNumber(text, 0, Number.MAX_SAFE_INTEGER);
}

export function wholeNumber(text: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
}

export function urlPath(text: string): string {
  if (text.startsWith('/')) return text;
  throw new InvalidArgumentError('Expected a path such as /webhooks.');
}

export function httpUrl(text: string): URL {
  if (/^https?:\/\/\S+$/i.test(text) && URL.canParse(text)) return new URL(text);
  throw new InvalidArgumentError('Expected an http or https URL.');
}

/** An option that may be repeated. */
export function collect(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

/** One of a few words; the error suggests the nearest one. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return (text: string): Word => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    const suggestion = nearest(text, words);
    throw new InvalidArgumentError(
      suggestion === undefined ? `Expected one of ${words.join(', ')}.` : `Did you mean ${suggestion}?`,
    );
  };
}

/** The text of `--data`: `@FILE` reads a file, `-` reads standard input. */
export function readData(data: string): string {
  if (data === '-') return withoutLastBreak(readFileSync(process.stdin.fd, 'utf8'));
  if (!data.startsWith('@')) return data;
  const file = data.slice(1);
  try {
    return withoutLastBreak(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--data ${data}: the file cannot be read: ${reason}`, { cause: error });
  }
}

/** Removes the line break that editors and echo add at the end of a text. */
function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
