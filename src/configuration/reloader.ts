import type { LoadedConfig } from '../config/load.ts';
import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ConfigurationInForce } from './in-force.ts';

/** What a reloader needs. */
export interface ReloaderOptions {
  readonly log: Log;
  /** Reads the configuration again. */
  readonly load: () => LoadedConfig;
  readonly configuration: Pick<ConfigurationInForce, 'current' | 'takeFile' | 'takeCertificate'>;
  readonly watchFiles: (paths: readonly string[], changed: () => void) => Cancel;
  /** Whether every changed file of the configuration is reloaded automatically. Certificates always are. */
  readonly watchesAll: boolean;
}

/** Reloads changed files into the active configuration. */
export interface Reloader {
  /**
   * Reads the configuration and applies it, after any earlier reload. If it has faults, nothing changes and the faults are
   * logged. Resolves when it is done.
   */
  reload(cause: string): Promise<void>;
  stop(): void;
}

/** Creates a reloader. `files` are the files of the active configuration. */
export function createReloader(
  files: readonly string[],
  { log, load, configuration, watchFiles, watchesAll }: ReloaderOptions,
): Reloader {
  let unwatch: Cancel = () => {};
  let isStopped = false;

  const reload = async (cause: string): Promise<void> => {
    // While the configuration is applied, nothing may take note of a further change: it must be found afterwards.
    unwatch();
    const loaded = load();
    if (loaded.kind === 'ok') {
      logFindings(loaded, log);
      await configuration.takeFile(loaded.config, cause);
    } else {
      const { file, faults } = loaded;
      log.error({ cause, file, faults }, 'configuration not reloaded, the old one stays active');
    }
    watch(loaded.files);
  };
  const watch = (paths: readonly string[]): void => {
    unwatch();
    if (isStopped) return;
    const { tls } = configuration.current;
    const certificates = tls === undefined ? [] : [tls.certFile, tls.keyFile];
    // Other files are reloaded only on request, because an editor may not be done with them.
    unwatch = watchesAll
      ? watchFiles(paths, () => void reload('file changed'))
      : watchFiles(certificates, () => void configuration.takeCertificate('certificate changed'));
  };
  watch(files);
  return {
    reload,
    stop() {
      isStopped = true;
      unwatch();
    },
  };
}

/** Logs the warnings and overrides of a valid configuration. */
export function logFindings(
  { warnings, overridden }: Pick<Extract<LoadedConfig, { kind: 'ok' }>, 'warnings' | 'overridden'>,
  log: Log,
): void {
  for (const note of overridden) log.info({}, note);
  for (const warning of warnings) log.warn({}, warning);
}
