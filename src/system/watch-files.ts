import { unwatchFile, watchFile } from 'node:fs';
import { clearTimeout, setTimeout } from './real.ts';

/** Polling costs next to nothing, and works on every file system, with symbolic links and with replaced files. */
const lookEveryMs = 1000;

/** Calls `changed` after any of the files has changed, once for changes close together. Returns a function that stops it. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  // A certificate and its key are two files: wait for the second.
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, lookEveryMs).unref();
  };
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, soon);
  return () => {
    clearTimeout(timer);
    for (const path of paths) unwatchFile(path, soon);
  };
}
