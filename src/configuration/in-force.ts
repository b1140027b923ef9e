import type { Application } from '../app/application.ts';
import { needsRestart } from '../config/restart.ts';
import type { AppConfig, Config } from '../config/schema.ts';
import type { Log, LogFields } from '../ports/log.ts';
import { toApplication } from './applications.ts';
import { differenceOf, type Difference } from './difference.ts';
import { layOver, noChanges, withoutNeedless, type RunTimeChanges } from './run-time-changes.ts';

/** What runs, as far as it follows the configuration. */
export interface Running {
  /** Why these apps cannot be served by a server that was started as this one was; undefined when they can. */
  refuse(apps: readonly AppConfig[]): string | undefined;
  /**
   * Serves these apps, and no others, from now on. Resolves once whoever was present in one that is gone is reported
   * as gone.
   */
  serve(applications: readonly Application[]): Promise<void>;
  /**
   * Shows this certificate to whoever connects from now on, and says whether it is another one than before.
   * Rejects, and shows the former one, when it cannot be used.
   */
  showCertificate(files: NonNullable<Config['tls']>): Promise<boolean>;
}

/**
 * Owns what is configured now and has the server follow it: the file as it was read last, what was changed at run
 * time over it, and what of both is in force. Whatever is new is compared with what is in force, and put into force
 * one change after the other.
 */
export class ConfigurationInForce {
  readonly #running: Running;
  readonly #log: Log;
  #file: Config;
  #changes: RunTimeChanges = noChanges;
  #current: Config;
  #last: Promise<unknown> = Promise.resolve();

  /** `started` is what the server was started with; it is in force already. */
  constructor(started: Config, running: Running, log: Log) {
    this.#running = running;
    this.#log = log;
    this.#file = started;
    this.#current = started;
  }

  /** What is in force: of what needs a restart, what the server was started with. */
  get current(): Config {
    return this.#current;
  }

  /**
   * Puts into force what the file says now, under what was changed at run time. The log says what has changed, and
   * what needs a restart as long as it does; or, with nothing changed, why it cannot be. `cause` is why it was read.
   */
  takeFile(file: Config, cause: string): Promise<void> {
    return this.#inTurn(() => this.#reload(file, cause));
  }

  /** The files of the certificate may hold another one: takes it, and nothing else that is new. */
  takeCertificate(cause: string): Promise<void> {
    return this.#inTurn(() => this.#reload(this.#file, cause));
  }

  /**
   * Changes something at run time, over what the file says. `edit` is called in its turn; what it throws rejects this,
   * with nothing changed.
   */
  change(edit: (changes: RunTimeChanges, current: Config) => RunTimeChanges): Promise<void> {
    return this.#inTurn(async () => {
      const changes = edit(this.#changes, this.#current);
      const next = { ...this.#current, apps: this.#serveable(this.#file, changes) };
      this.#log.info(
        describe(await this.#put(next, this.#file, changes)),
        'configuration changed at run time',
      );
    });
  }

  async #reload(file: Config, cause: string): Promise<void> {
    const keys = needsRestart(this.#current, file);
    try {
      const apps = this.#serveable(file, this.#changes);
      // A port cannot begin or cease to speak TLS.
      const tls = this.#current.tls && file.tls;
      // First, for it alone can fail.
      const certificateChanged = tls !== undefined && (await this.#running.showCertificate(tls));
      const next = { ...this.#current, apps, limits: file.limits, ...(tls && { tls }) };
      const told = describe(await this.#put(next, file, this.#changes), certificateChanged);
      if (keys.length > 0) this.#log.warn({ keys }, 'these changes need a restart');
      this.#log.info({ cause, ...told }, 'configuration reloaded');
    } catch (error) {
      this.#log.error({ cause, err: error }, 'configuration not reloaded, the one in force stays');
    }
  }

  /** The apps of the file under what was changed at run time. Throws when none is left, or they cannot be served. */
  #serveable(file: Config, changes: RunTimeChanges): readonly AppConfig[] {
    const apps = layOver(file.apps, changes);
    if (apps.length === 0) {
      throw new Error('every app of the file was removed at run time, and one must be left');
    }
    const refusal = this.#running.refuse(apps);
    if (refusal !== undefined) throw new Error(refusal);
    return apps;
  }

  async #put(next: Config, file: Config, changes: RunTimeChanges): Promise<Put> {
    const before = this.#current;
    const { privateAddresses } = next.webhooks;
    const served = this.#running.serve(next.apps.map((app) => toApplication(app, privateAddresses)));
    this.#current = next;
    this.#file = file;
    this.#changes = withoutNeedless(changes, file.apps);
    await served;
    return { apps: next.apps.length, difference: differenceOf(before.apps, next.apps) };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** What was put into force. */
interface Put {
  readonly apps: number;
  readonly difference: Difference;
}

/** A line names so many of a kind at most. */
const namesPerLine = 50;

/** What was put into force, for the log: names and numbers, nothing that is secret. */
function describe({ apps, difference }: Put, certificateChanged = false): LogFields {
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
