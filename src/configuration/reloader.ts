import type { LoadedConfig } from '../config/load.ts';
import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ConfigurationInForce } from './in-force.ts';

/** What reloading needs. */
export interface ReloaderOptions {
  readonly log: Log;
  /** Reads the configuration afresh. */
  readonly load: () => LoadedConfig;
  readonly configuration: Pick<ConfigurationInForce, 'current' | 'takeFile' | 'takeCertificate'>;
  readonly watchFiles: (paths: readonly string[], changed: () => void) => Cancel;
  /** Whether a change of any file of the configuration is taken at once; certificates always are. */
  readonly watchesAll: boolean;
}

/** Takes changed files into the configuration in force. */
export interface Reloader {
  /**
   * Reads the configuration and puts it into force, after any earlier one; a faulty one changes nothing, and
   * the log says why. Resolves when that is done.
   */
  reload(cause: string): Promise<void>;
  stop(): void;
}

/** What is in force was read from `files`. */
export function createReloader(
  files: readonly string[],
  { log, load, configuration, watchFiles, watchesAll }: ReloaderOptions,
): Reloader {
  let unwatch: Cancel = () => {};
  let isStopped = false;

  const reload = async (cause: string): Promise<void> => {
    const loaded = load();
    if (loaded.kind === 'ok') {
      tellFindings(loaded, log);
      await configuration.takeFile(loaded.config, cause);
    } else {
      const { file, faults } = loaded;
      log.error({ cause, file, faults }, 'configuration not reloaded, the one in force stays');
    }
    watch(loaded.files);
  };
  const watch = (paths: readonly string[]): void => {
    unwatch();
    if (isStopped) return;
    const { tls } = configuration.current;
    const certificates = tls === undefined ? [] : [tls.certFile, tls.keyFile];
    // Without being asked nothing else is taken: a file may be half edited.
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

/** Says what a faultless configuration still gives cause to say. */
export function tellFindings(
  { warnings, overridden }: Pick<Extract<LoadedConfig, { kind: 'ok' }>, 'warnings' | 'overridden'>,
  log: Log,
): void {
  for (const note of overridden) log.info({}, note);
  for (const warning of warnings) log.warn({}, warning);
}
