import { randomUUID } from 'node:crypto';
import type { Application } from '../app/application.ts';
import type { Env } from '../config/environment.ts';
import { needsRestart } from '../config/restart.ts';
import type { AppConfig, Config } from '../config/schema.ts';
import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { StartError } from '../ports/start-error.ts';
import type { SettingsKind, SettingsStore } from '../ports/settings-store.ts';
import { toApplication } from './applications.ts';
import { ChangeError } from './change-error.ts';
import { describePut, type Put } from './describe-put.ts';
import { differenceOf } from './difference.ts';
import { rulesOf, type Edit, type Ground } from './edit.ts';
import { KeptChanges } from './kept-changes.ts';
import {
  idleOf,
  layOver,
  noChanges,
  withoutNeedless,
  type Idle,
  type RunTimeChanges,
} from './run-time-changes.ts';

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

/** What the owner of the configuration is made with. */
export interface InForceOptions {
  /** What the server is started with. */
  readonly started: Config;
  readonly running: Running;
  readonly log: Log;
  /** Keeps what is changed at run time. */
  readonly store: SettingsStore;
  /** Decides whether what is set at run time must be fit for production. */
  readonly env: Env;
  /** The name of the configuration file; undefined: there is none. */
  readonly fileName?: string | undefined;
}

/** So often a change is made anew because others have changed something in between. */
const mostConflicts = 20;

/**
 * Owns what is configured now and has the server follow it: the file as it was read last, what was changed at run
 * time over it, and what of both is in force. Whatever is new is compared with what is in force, and put into force
 * one change after the other.
 */
export class ConfigurationInForce {
  readonly #options: InForceOptions;
  readonly #kept: KeptChanges;
  #file: Config;
  #changes: RunTimeChanges = noChanges;
  #current: Config;
  #last: Promise<unknown> = Promise.resolve();
  readonly #hearers = new Set<() => void>();
  #unwatch: Cancel = () => {};

  /** What the server is started with is in force already. */
  constructor(options: InForceOptions) {
    const { started, store, log } = options;
    this.#options = options;
    this.#file = started;
    this.#current = started;
    this.#kept = new KeptChanges(store, log, randomUUID());
  }

  /** What is in force: of what needs a restart, what the server was started with. */
  get current(): Config {
    return this.#current;
  }

  /** The file as it was read last. */
  get file(): Config {
    return this.#file;
  }

  /** What was changed at run time. */
  get changes(): RunTimeChanges {
    return this.#changes;
  }

  /** What changes are made on. */
  get ground(): Ground {
    const { fileName, env } = this.#options;
    return { file: this.#file, fileName, current: this.#current, env };
  }

  /** What was set at run time and is not served at the moment, and why. */
  get idle(): readonly Idle[] {
    return idleOf(this.#file.apps, this.#changes, rulesOf(this.#options));
  }

  /** Where changes are kept. */
  get savedIn(): SettingsKind {
    return this.#options.store.kind;
  }

  /** Why nothing can be changed at run time, as a sentence; undefined: it can. */
  get obstacle(): string | undefined {
    return this.#kept.obstacle;
  }

  /**
   * Puts into force what was kept of changes at run time, and follows what others change from now on. To be called once,
   * before anybody is served. Rejects with a StartError when it cannot be read.
   */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#takeKept('start');
      } catch (error) {
        if (!(error instanceof ChangeError)) throw error;
        throw new StartError(this.savedIn === 'redis' ? 'ERR_REDIS' : 'ERR_STORE', error.message, error);
      }
      this.#unwatch = this.#kept.watch(() => this.#inTurn(() => this.#follow()));
    });
  }

  /** Follows nobody any more. */
  stop(): void {
    this.#unwatch();
  }

  /** Calls `hear` each time when something else has come into force. Returns how to end it. */
  onChange(hear: () => void): Cancel {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
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
   * Changes something at run time, over what the file says: on all nodes, and once this resolves for good, as far as the
   * store can. `edit` is called in its turn, and again if another node was quicker. Rejects, with nothing changed,
   * with what it throws, or with a ChangeError that says why it is not served or not saved.
   */
  change(edit: Edit): Promise<void> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < mostConflicts; attempt += 1) {
        this.#kept.refuseObstacle();
        const changes = edit(this.#changes, this.ground);
        if (changes === this.#changes) return;
        const apps = this.#serveable(this.#file, changes);
        if ((await this.#kept.write(changes)) === 'written') return this.#putApps(apps, changes);
        await this.#follow();
      }
      throw new ChangeError('not-saved', 'not saved: other nodes change settings all the time; try again');
    });
  }

  /**
   * Puts into force what the file would say if it were changed so, until it is read again: for whoever controls the server.
   * Rejects, with nothing changed, with what `edit` throws, or with a ChangeError that says why it is not served.
   */
  amend(edit: (file: Config) => Config): Promise<void> {
    return this.#inTurn(async () => {
      const file = edit(this.#file);
      const apps = this.#serveable(file, this.#changes);
      const told = describePut(await this.#put({ ...this.#current, apps }, file, this.#changes));
      this.#options.log.info(told, 'configuration changed at run time');
    });
  }

  /**
   * Keeps what is in force in the place of what is kept and not understood (`obstacle`), which is lost by that. Rejects with
   * a ChangeError when it is not saved.
   */
  overrule(): Promise<void> {
    return this.#inTurn(() => this.#kept.overrule(this.#changes));
  }

  async #reload(file: Config, cause: string): Promise<void> {
    const { log, running } = this.#options;
    const keys = needsRestart(this.#current, file);
    try {
      const apps = this.#serveable(file, this.#changes);
      // A port cannot begin or cease to speak TLS.
      const tls = this.#current.tls && file.tls;
      // First, for it alone can fail.
      const certificateChanged = tls !== undefined && (await running.showCertificate(tls));
      const next = { ...this.#current, apps, limits: file.limits, ...(tls && { tls }) };
      const told = describePut(await this.#put(next, file, this.#changes), certificateChanged);
      if (keys.length > 0) log.warn({ keys }, 'these changes need a restart');
      log.info({ cause, ...told }, 'configuration reloaded');
    } catch (error) {
      log.error({ cause, err: error }, 'configuration not reloaded, the one in force stays');
    }
  }

  /** Something else is kept than what this node knows. */
  async #follow(): Promise<void> {
    if (await this.#kept.giveBack(this.#changes)) return;
    await this.#takeKept('another node');
  }

  /** Takes over what is kept, if that is anything else. What cannot be served is known, but not in force. */
  async #takeKept(cause: string): Promise<void> {
    const changes = await this.#kept.read();
    if (changes === undefined) return;
    let apps: readonly AppConfig[];
    try {
      apps = this.#serveable(this.#file, changes);
    } catch (error) {
      this.#changes = changes;
      this.#options.log.error({ cause, err: error }, 'what was set at run time cannot be put into force');
      return;
    }
    await this.#putApps(apps, changes, cause);
  }

  /** The apps of the file under what was changed at run time. Throws when none is left, or they cannot be served. */
  #serveable(file: Config, changes: RunTimeChanges): readonly AppConfig[] {
    const apps = layOver(file.apps, changes, rulesOf(this.#options));
    if (apps.length === 0) {
      throw new ChangeError(
        'last-app',
        'every app of the file was removed at run time, and one must be left',
      );
    }
    const refusal = this.#options.running.refuse(apps);
    if (refusal !== undefined) throw new ChangeError('not-served', refusal);
    return apps;
  }

  async #putApps(apps: readonly AppConfig[], changes: RunTimeChanges, cause?: string): Promise<void> {
    const told = describePut(await this.#put({ ...this.#current, apps }, this.#file, changes));
    this.#options.log.info(
      { ...(cause !== undefined && { cause }), ...told },
      'configuration changed at run time',
    );
  }

  async #put(next: Config, file: Config, changes: RunTimeChanges): Promise<Put> {
    const before = this.#current;
    const { privateAddresses } = next.webhooks;
    const served = this.#options.running.serve(next.apps.map((app) => toApplication(app, privateAddresses)));
    this.#current = next;
    this.#file = file;
    this.#changes = withoutNeedless(changes, file.apps);
    for (const hear of this.#hearers) hear();
    await served;
    return { apps: next.apps.length, difference: differenceOf(before.apps, next.apps) };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
