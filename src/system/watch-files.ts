import { readFileSync, statSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { clearTimeout, setTimeout } from './real.ts';

/** Polling costs next to nothing, and works on every file system, with symbolic links and with replaced files. */
const lookEveryMs = 1000;

/** Detects changes of files since they were read. */
export class FileWatcher {
  /** By path: what distinguishes the file that was read from a later one. */
  readonly #read = new Map<string, string>();

  /** Reads a file as UTF-8. Changes from now on are detected, even if `watch` is called later. Throws if it cannot be read. */
  readonly readFile = (path: string): string => {
    this.#note(path);
    return readFileSync(path, 'utf8');
  };

  /**
   * Calls `changed` after any of the files has changed, once for changes close together. Files that were not read here count as read
   * now. Returns a function that stops it.
   */
  readonly watch = (paths: readonly string[], changed: () => void): (() => void) => {
    for (const path of paths) if (!this.#read.has(path)) this.#note(path);
    let isStopped = false;
    let hasChanged = false;
    let timer: NodeJS.Timeout | undefined;
    const look = async (): Promise<void> => {
      const states = await Promise.all(
        paths.map((path) => stat(path).then(describe, () => describe(undefined))),
      );
      if (isStopped) return;
      const isSame = paths.every((path, index) => this.#read.get(path) === states[index]);
      for (const [index, path] of paths.entries()) this.#read.set(path, states[index] ?? '');
      lookLater();
      // A certificate and its key are two files: wait for the second.
      if (isSame && hasChanged) changed();
      hasChanged = !isSame;
    };
    const lookLater = (): void => {
      timer = setTimeout(() => void look(), lookEveryMs).unref();
    };
    if (paths.length > 0) lookLater();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  };

  #note(path: string): void {
    let stats: Stats | undefined;
    try {
      stats = statSync(path);
    } catch {
      // Reading it fails too, with an explanation.
    }
    this.#read.set(path, describe(stats));
  }
}

/** An empty text stands for a file that cannot be read. */
function describe(stats: Stats | undefined): string {
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
