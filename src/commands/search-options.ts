import type { Command } from 'commander';
import { momentForms, parseMoment } from '../recording/moments.ts';
import { quoteTerm } from '../recording/search-terms.ts';
import { UsageError } from './command.ts';

/** Options that filter the records of a server. */
export interface SearchOptions {
  readonly channel?: string;
  readonly name?: string;
  readonly endpoint?: string;
  readonly user?: string;
  readonly search?: string;
}

/** Adds the filter options. In each, `*` matches any characters. */
export function addSearchOptions(command: Command): Command {
  return command
    .option('-c, --channel <name>', 'only this channel; * matches any characters, as in presence-*')
    .option('-n, --name <event>', 'only events of this name, such as member_added or client-*')
    .option('-e, --endpoint <id>', 'only this endpoint')
    .option('--user <id>', 'only this user')
    .option(
      '--search <words>',
      'only rows that match this search of the Dashboard, such as "status:5xx since:1h"',
    );
}

/** The admin API search for the options and further terms; undefined matches everything. */
export function searchOf(options: SearchOptions, ...further: readonly string[]): string | undefined {
  const words = [
    ...word('channel', options.channel),
    ...word('event', options.name),
    ...word('endpoint', options.endpoint),
    ...word('user', options.user),
    ...further,
    ...(options.search === undefined ? [] : [options.search]),
  ];
  return words.length === 0 ? undefined : words.join(' ');
}

/** A search term in which only `*` is special. */
function word(key: string, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const parts = value.split('*').map((part) => (part === '' ? '' : quoteTerm(part)));
  return [`${key}:${parts.join('*')}`];
}

/** Parses a time from the command line for the routes of dropped deliveries. */
export function momentOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text, Date.now());
  if (moment !== undefined) return Math.round(moment);
  throw new UsageError(`${option}: expected ${momentForms}, got '${text}'`);
}
