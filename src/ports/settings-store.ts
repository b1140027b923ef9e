import type { Cancel } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Where settings that are made at run time are kept. In memory they end with the process. */
export type SettingsKind = 'memory' | 'disk' | 'redis';

/** Names one state of the settings: how many times they were written, a dot, and what no other writer has. */
export type Revision = string;

/** What is kept. */
export interface StoredSettings {
  readonly revision: Revision;
  readonly text: string;
}

/** What is to be kept. Its text is made when it is asked for: a store in memory never asks. */
export interface NextSettings {
  readonly revision: Revision;
  readonly text: () => string;
}

/** What came of writing. `conflict`: somebody else has written since. `failed`: nothing was written, as far as is known. */
export type Written =
  | { readonly kind: 'written' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Whoever follows what is kept. */
export interface SettingsWatcher {
  /** The revision that it knows; undefined: it knows of none. */
  readonly known: () => Revision | undefined;
  /** Another one is kept now, or none: it is to be read. Resolves when that is done. */
  readonly changed: () => Promise<void>;
}

/** Keeps one text, which several nodes may write: each says which revision it has seen. */
export interface SettingsStore {
  readonly kind: SettingsKind;
  /** Where it is kept, for a sentence: "on Redis in the key ...". */
  readonly place: string;
  /** What is kept; undefined: nothing is. */
  read(): MaybePromise<StoredSettings | undefined | Unavailable>;
  /** Keeps a text if `expected` is the revision that is kept now. Resolves when it is safe. */
  write(next: NextSettings, expected: Revision | undefined): MaybePromise<Written>;
  /** Tells when others have written, sooner or later, however often messages are lost. */
  watch(watcher: SettingsWatcher): Cancel;
}

/** The revision that follows. `unique` is what no other writer has. */
export function nextRevision(revision: Revision | undefined, unique: string): Revision {
  return `${numberOf(revision) + 1}.${unique}`;
}

/** Whether a revision was written before another: then a store that holds it has lost something. */
export function isOlder(one: Revision | undefined, other: Revision | undefined): boolean {
  return numberOf(one) < numberOf(other);
}

/** One that was written by hand comes before all others. */
function numberOf(revision: Revision | undefined): number {
  const number = Number.parseInt(revision ?? '', 10);
  return Number.isNaN(number) ? 0 : number;
}
