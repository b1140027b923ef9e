import type { LogFields } from '../ports/log.ts';
import type { Difference } from './difference.ts';

/** What was put into force. */
export interface Put {
  readonly apps: number;
  readonly difference: Difference;
}

/** A line names so many of a kind at most. */
const namesPerLine = 50;

/** What was put into force, for the log: names and numbers, nothing that is secret. */
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
