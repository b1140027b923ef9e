import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { isOlder, nextRevision, type Revision, type SettingsStore } from '../ports/settings-store.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { ChangeError } from './change-error.ts';
import type { RunTimeChanges } from './run-time-changes.ts';
import { readChanges, writeChanges } from './stored-changes.ts';

/** The changes in their store: which revision of them this node knows, and what stands in the way. */
export class KeptChanges {
  readonly #store: SettingsStore;
  readonly #log: Log;
  readonly #unique: string;
  #known: Revision | undefined;
  #obstacle: string | undefined;
  #saysLoss = true;

  /** `unique` is what no other node has. */
  constructor(store: SettingsStore, log: Log, unique: string) {
    this.#store = store;
    this.#log = log;
    this.#unique = unique;
  }

  /** Why nothing can be changed, as a sentence; undefined: it can. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Throws when what is kept was not understood: to write over it would throw it away. */
  refuseObstacle(): void {
    if (this.#obstacle !== undefined) throw new ChangeError('not-understood', this.#obstacle);
  }

  watch(changed: () => Promise<void>): Cancel {
    return this.#store.watch({ known: () => this.#known, changed });
  }

  /**
   * What is kept, if that is anything else than what is known. Undefined: it is known, nothing is kept, or it cannot be
   * understood, which the log says. Rejects when it cannot be read.
   */
  async read(): Promise<RunTimeChanges | undefined> {
    const stored = await this.#store.read();
    if (isUnavailable(stored)) {
      throw new ChangeError(
        'not-saved',
        `what was set at run time cannot be read: it is ${this.#store.place}`,
      );
    }
    if (stored === undefined) {
      this.#nothingIsKept();
      return undefined;
    }
    if (stored.revision === this.#known) return undefined;
    this.#known = stored.revision;
    this.#obstacle = undefined;
    const read = readChanges(stored.text);
    if (read.kind === 'ok') return read.changes;
    this.#obstacle = `what was set at run time is not understood: what is kept ${this.#store.place} ${read.reason}. Nothing can be set at run time until it is removed there, or a version runs that understands it`;
    this.#log.error({ revision: stored.revision }, this.#obstacle);
    return undefined;
  }

  /** Writes changes, unless others have written since. Throws a ChangeError when the store refuses. */
  async write(changes: RunTimeChanges): Promise<'written' | 'conflict'> {
    const revision = nextRevision(this.#known, this.#unique);
    const written = await this.#store.write({ revision, text: () => writeChanges(changes) }, this.#known);
    switch (written.kind) {
      case 'written':
        this.#known = revision;
        return 'written';
      case 'conflict':
        return 'conflict';
      case 'failed':
        throw new ChangeError('not-saved', `not saved: ${written.reason}`);
    }
  }

  /**
   * Writes again what the store has lost: it was emptied, or is an earlier state of itself. Whether that is so; if it could
   * not be written, it is to be called again.
   */
  async giveBack(changes: RunTimeChanges): Promise<boolean> {
    const revision = this.#known;
    if (this.#obstacle !== undefined || revision === undefined) return false;
    const stored = await this.#store.read();
    if (isUnavailable(stored)) return true;
    if (!isOlder(stored?.revision, revision)) return false;
    const written = await this.#store.write(
      { revision, text: () => writeChanges(changes) },
      stored?.revision,
    );
    if (this.#saysLoss) {
      this.#log.warn(
        { revision, found: stored?.revision },
        'what was set at run time was lost, and is kept again',
      );
    }
    this.#saysLoss = written.kind === 'written';
    return written.kind !== 'conflict';
  }

  /** Writes changes over what is not understood, which is lost by that. */
  async overrule(changes: RunTimeChanges): Promise<void> {
    if (this.#obstacle === undefined) return;
    if ((await this.write(changes)) === 'written') this.#obstacle = undefined;
    else throw new ChangeError('not-saved', 'not saved: somebody else has changed it meanwhile; look again');
  }

  /** Whoever removed what nobody could read meant that; what is in force stays. */
  #nothingIsKept(): void {
    if (this.#obstacle === undefined) return;
    this.#obstacle = undefined;
    this.#known = undefined;
    this.#log.info({}, 'settings can be changed at run time again: what was not understood was removed');
  }
}
