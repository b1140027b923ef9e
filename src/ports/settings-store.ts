import type { Cancel } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Where settings that are changed at run time are stored. In memory, they end with the process. */
export type SettingsKind = 'memory' | 'disk' | 'redis';

/** Identifies a version of the settings: how often they were written, a dot, and a text that is unique to the writer. */
export type Revision = string;

/** The stored settings. */
export interface StoredSettings {
  readonly revision: Revision;
  readonly text: string;
}

/** Settings to be stored. Their text is built on demand: a store in memory does not need it. */
export interface NextSettings {
  readonly revision: Revision;
  readonly text: () => string;
}

/** The result of a write. `conflict`: another writer has written since. `failed`: nothing was written, as far as is known. */
export type Written =
  | { readonly kind: 'written' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Follows changes of the stored settings. */
export interface SettingsWatcher {
  /** The revision that it knows; undefined if it knows none. */
  readonly known: () => Revision | undefined;
  /** Called when another revision, or none, is stored now and must be read. Resolves when that is done. */
  readonly changed: () => Promise<void>;
}

/** Stores one text that several nodes may write. A writer states which revision it has seen. */
export interface SettingsStore {
  readonly kind: SettingsKind;
  /** Where it is stored, for use in a sentence: "on Redis in the key ...". */
  readonly place: string;
  /** The stored settings; undefined if there are none. */
  read(): MaybePromise<StoredSettings | undefined | Unavailable>;
  /** Stores a text if `expected` is the current revision. Resolves when it is safe. */
  write(next: NextSettings, expected: Revision | undefined): MaybePromise<Written>;
  /** Notifies of writes by others, sooner or later, even if messages are lost. */
  watch(watcher: SettingsWatcher): Cancel;
}

/** The next revision. `unique` is a text that no other writer uses. */
export function nextRevision(revision: Revision | undefined, unique: string): Revision {
  return `${numberOf(revision) + 1}.${unique}`;
}

/** Whether a revision is older than another. A store that contains the older one has lost something. */
export function isOlder(one: Revision | undefined, other: Revision | undefined): boolean {
  return numberOf(one) < numberOf(other);
}

/** A revision written by hand counts as older than all others. */
function numberOf(revision: Revision | undefined): number {
  const number = Number.parseInt(revision ?? '', 10);
  return Number.isNaN(number) ? 0 : number;
}
