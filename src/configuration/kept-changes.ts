import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { isOlder, nextRevision, type Revision, type SettingsStore } from '../ports/settings-store.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { ChangeError } from './change-error.ts';
import type { RunTimeChanges } from './run-time-changes.ts';
import { readChanges, writeChanges } from './stored-changes.ts';

/** Reads and writes the changes at run time in their store, and remembers the known revision. */
export class KeptChanges {
  readonly #store: SettingsStore;
  readonly #log: Log;
  readonly #unique: string;
  #known: Revision | undefined;
  #obstacle: string | undefined;
  #logsLoss = true;

  /** `unique` must differ from that of every other node. */
  constructor(store: SettingsStore, log: Log, unique: string) {
    this.#store = store;
    this.#log = log;
    this.#unique = unique;
  }

  /** Why changes are not possible, as a sentence, or undefined if they are. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Throws if the kept changes were not understood, because a write would overwrite them. */
  refuseObstacle(): void {
    if (this.#obstacle !== undefined) throw new ChangeError('not-understood', this.#obstacle);
  }

  watch(changed: () => Promise<void>): Cancel {
    return this.#store.watch({ known: () => this.#known, changed });
  }

  /**
   * Reads the kept changes. Returns undefined if they are known, if nothing is kept, or if they are not understood, which is
   * logged. Rejects if the store cannot be read.
   */
  async read(): Promise<RunTimeChanges | undefined> {
    const stored = await this.#store.read();
    if (isUnavailable(stored)) {
      throw new ChangeError(
        'not-saved',
        `the settings made at run time cannot be read: they are kept ${this.#store.place}`,
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
    this.#obstacle = `the settings made at run time are not understood: the content ${this.#store.place} ${read.reason}. Settings cannot be changed at run time until it is removed there, or until a version runs that understands it`;
    this.#log.error({ revision: stored.revision }, this.#obstacle);
    return undefined;
  }

  /** Writes changes, unless another node has written in the meantime. Throws a ChangeError if the store refuses. */
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
   * Writes the changes again if the store has lost them, because it was emptied or restored from a backup. Returns whether
   * the store had lost them or could not be read. If the write failed, this must be called again.
   */
  async writeBack(changes: RunTimeChanges): Promise<boolean> {
    const revision = this.#known;
    if (this.#obstacle !== undefined || revision === undefined) return false;
    const stored = await this.#store.read();
    if (isUnavailable(stored)) return true;
    if (!isOlder(stored?.revision, revision)) return false;
    const written = await this.#store.write(
      { revision, text: () => writeChanges(changes) },
      stored?.revision,
    );
    if (this.#logsLoss) {
      this.#log.warn(
        { revision, found: stored?.revision },
        'the store had lost the settings made at run time, and they were written again',
      );
    }
    this.#logsLoss = written.kind === 'written';
    return written.kind !== 'conflict';
  }

  /** Overwrites kept changes that are not understood. */
  async overwrite(changes: RunTimeChanges): Promise<void> {
    if (this.#obstacle === undefined) return;
    if ((await this.write(changes)) === 'written') this.#obstacle = undefined;
    else
      throw new ChangeError(
        'not-saved',
        'not saved: another node has changed the settings in the meantime; read them again',
      );
  }

  /** If changes that were not understood were removed, an operator did it on purpose. The active configuration stays. */
  #nothingIsKept(): void {
    if (this.#obstacle === undefined) return;
    this.#obstacle = undefined;
    this.#known = undefined;
    this.#log.info(
      {},
      'settings can be changed at run time again, because the content that was not understood was removed',
    );
  }
}
