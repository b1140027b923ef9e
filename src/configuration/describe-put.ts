import type { LogFields } from '../ports/log.ts';
import type { Difference } from './difference.ts';

/** An applied configuration. */
export interface Put {
  readonly apps: number;
  readonly difference: Difference;
}

/** The most names of a kind in one log line. */
const namesPerLine = 50;

/** Describes an applied configuration for the log: names and numbers, but no secrets. */
export function describePut({ apps, difference }: Put, certificateChanged = false): LogFields {
  const lists = Object.entries(difference).filter(([, names]) => names.length > 0);
  return {
    apps,
    changed: certificateChanged || lists.length > 0,
    ...Object.fromEntries(lists.map(([kind, names]) => [kind, shorten(names)])),
    ...(certificateChanged && { certificateChanged }),
  };
}

function shorten(names: readonly string[]): readonly string[] {
  if (names.length <= namesPerLine) return names;
  return [...names.slice(0, namesPerLine), `and ${names.length - namesPerLine} more`];
}
