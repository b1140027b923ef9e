import type { LoadedConfig } from './config/load.ts';
import { needsRestart } from './config/restart.ts';
import type { Config } from './config/schema.ts';
import type { Cancel } from './ports/clock.ts';
import type { Log } from './ports/log.ts';

/** What reloading needs. */
export interface ReloaderOptions {
  readonly log: Log;
  /** Reads the configuration afresh. */
  readonly load: () => LoadedConfig;
  /** Puts a configuration into force; rejects, with nothing changed, when it cannot. Never called twice at a time. */
  readonly apply: (config: Config) => Promise<void>;
  readonly watchFiles: (paths: readonly string[], changed: () => void) => Cancel;
  /** Whether a change of any file of the configuration is taken at once; certificates always are. */
  readonly watchesAll: boolean;
}

/** Takes changed configurations into the running program. */
export interface Reloader {
  /**
   * Reads the configuration and puts it into force, after any earlier one; a faulty one changes nothing, and
   * the log says why. Resolves when that is done.
   */
  reload(cause: string): Promise<void>;
  stop(): void;
}

/** `config` is in force, and was read from `files`. */
export function createReloader(
  { config, files }: { readonly config: Config; readonly files: readonly string[] },
  { log, load, apply, watchFiles, watchesAll }: ReloaderOptions,
): Reloader {
  let current = config;
  let unwatch: Cancel = () => {};
  let isStopped = false;
  let last = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => (last = last.then(step));

  const put = async (next: Config, cause: string): Promise<void> => {
    try {
      await apply(next);
    } catch (error) {
      log.error({ cause, err: error }, 'configuration not reloaded, the one in force stays');
      return;
    }
    const keys = needsRestart(current, next);
    if (keys.length > 0) log.warn({ keys }, 'these changes need a restart');
    current = next;
    log.info({ cause, apps: next.apps.length }, 'configuration reloaded');
  };
  const reload = async (cause: string): Promise<void> => {
    const loaded = load();
    if (loaded.kind === 'ok') {
      for (const warning of loaded.warnings) log.warn({}, warning);
      await put(loaded.config, cause);
    } else {
      log.error({ cause, faults: loaded.faults }, 'configuration not reloaded, the one in force stays');
    }
    watch(loaded.files);
  };
  const watch = (paths: readonly string[]): void => {
    unwatch();
    if (isStopped) return;
    const { tls } = current;
    const certificates = tls === undefined ? [] : [tls.certFile, tls.keyFile];
    // Without being asked nothing else is taken: a file may be half edited.
    unwatch = watchesAll
      ? watchFiles(paths, () => void inTurn(() => reload('file changed')))
      : watchFiles(certificates, () => void inTurn(() => put(current, 'certificate changed')));
  };
  watch(files);
  return {
    reload: (cause) => inTurn(() => reload(cause)),
    stop() {
      isStopped = true;
      unwatch();
    },
  };
}
