import type { Command } from 'commander';
import { momentForms, parseMoment } from '../recording/moments.ts';
import { quoteTerm } from '../recording/search-terms.ts';
import { UsageError } from './command.ts';

/** Options that choose among what a server has recorded. */
export interface SearchOptions {
  readonly channel?: string;
  readonly name?: string;
  readonly endpoint?: string;
  readonly user?: string;
  readonly search?: string;
}

/** Adds the options that choose. In each `*` stands for any characters. */
export function addSearchOptions(command: Command): Command {
  return command
    .option('-c, --channel <name>', 'only this channel; * matches any characters, as in presence-*')
    .option('-n, --name <event>', 'only events of this name, such as member_added or client-*')
    .option('-e, --endpoint <id>', 'only this endpoint')
    .option('--user <id>', 'only this user')
    .option(
      '--search <words>',
      'only what this search of the Dashboard finds, such as "status:5xx since:1h"',
    );
}

/** The search of the admin API that the options, and further words, come to; undefined: everything. */
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

/** A word of a search, in which only `*` has a meaning. */
function word(key: string, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const parts = value.split('*').map((part) => (part === '' ? '' : quoteTerm(part)));
  return [`${key}:${parts.join('*')}`];
}

/** A moment as the routes for dropped deliveries take it, of one that a person writes. */
export function momentOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text, Date.now());
  if (moment !== undefined) return Math.round(moment);
  throw new UsageError(`${option}: expected ${momentForms}, got '${text}'`);
}
