import { randomUUID } from 'node:crypto';
import type { Application } from '../apps/application.ts';
import type { Env } from '../config/environment.ts';
import { needsRestart } from '../config/checks/restart.ts';
import type { AppConfig, Config } from '../config/schema/schema.ts';
import type { Cancel } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { StartError } from '../ports/start-error.ts';
import type { SettingsKind, SettingsStore } from '../ports/settings-store.ts';
import { toApplication } from './applications.ts';
import { ChangeError } from './change-error.ts';
import { describePut, type Put } from './describe-put.ts';
import { differenceOf } from './difference.ts';
import { rulesOf, type Edit, type EditContext } from './edit.ts';
import { KeptChanges } from './kept-changes.ts';
import {
  idleOf,
  layOver,
  noChanges,
  withoutNeedless,
  type Idle,
  type RunTimeChanges,
} from './run-time-changes.ts';

/** The parts of the running server that follow the configuration. */
export interface Running {
  /** Why these apps cannot be served without a restart, or undefined if they can. */
  refuse(apps: readonly AppConfig[]): string | undefined;
  /**
   * Serves only these apps from now on. Resolves once the departures of all subscribers and members of removed apps have
   * been recorded as events.
   */
  serve(applications: readonly Application[]): Promise<void>;
  /**
   * Uses this certificate for new connections, and returns whether it has changed. If it cannot be used, the old one stays
   * in use and the promise rejects.
   */
  showCertificate(files: NonNullable<Config['tls']>): Promise<boolean>;
}

/** What `ConfigurationInForce` needs. */
export interface InForceOptions {
  /** The configuration at the start. */
  readonly started: Config;
  readonly running: Running;
  readonly log: Log;
  /** Keeps the changes at run time. */
  readonly store: SettingsStore;
  /** Decides whether changes at run time must follow the rules of production. */
  readonly env: Env;
  /** The name of the configuration file, or undefined if there is none. */
  readonly fileName?: string | undefined;
}

/** How often a change is retried because other nodes have made changes in the meantime. */
const maxConflicts = 20;

/**
 * Owns the active configuration: the file as it was read last with the changes at run time on top. It applies new
 * configurations to the running server, one after the other.
 */
export class ConfigurationInForce {
  readonly #options: InForceOptions;
  readonly #kept: KeptChanges;
  #file: Config;
  #changes: RunTimeChanges = noChanges;
  #current: Config;
  #last: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();
  #unwatch: Cancel = () => {};

  /** The configuration at the start is already active. */
  constructor(options: InForceOptions) {
    const { started, store, log } = options;
    this.#options = options;
    this.#file = started;
    this.#current = started;
    this.#kept = new KeptChanges(store, log, randomUUID());
  }

  /** The active configuration. Settings that need a restart have their value at the start. */
  get current(): Config {
    return this.#current;
  }

  /** The content of the file, as it was read last. */
  get file(): Config {
    return this.#file;
  }

  /** The changes at run time. */
  get changes(): RunTimeChanges {
    return this.#changes;
  }

  /** The configuration to which changes apply. */
  get editContext(): EditContext {
    const { fileName, env } = this.#options;
    return { file: this.#file, fileName, current: this.#current, env };
  }

  /** Apps and endpoints that were added at run time and are not served at the moment, with the reasons. */
  get idle(): readonly Idle[] {
    return idleOf(this.#file.apps, this.#changes, rulesOf(this.#options));
  }

  /** Where changes are kept. */
  get savedIn(): SettingsKind {
    return this.#options.store.kind;
  }

  /** Why changes at run time are not possible, as a sentence, or undefined if they are. */
  get obstacle(): string | undefined {
    return this.#kept.obstacle;
  }

  /**
   * Applies the kept changes at run time, and starts to follow changes of other nodes. Must be called once, before clients are
   * served. Rejects with a StartError if the changes cannot be read.
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

  /** Stops following changes of other nodes. */
  stop(): void {
    this.#unwatch();
  }

  /** Calls `listener` after each change of the active configuration. Returns a function that unsubscribes. */
  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Applies a new content of the file, below the changes at run time. The difference is logged, with a warning about settings
   * that need a restart. If the content cannot be applied, nothing changes and the reason is logged. `cause` is why the file
   * was read.
   */
  takeFile(file: Config, cause: string): Promise<void> {
    return this.#inTurn(() => this.#reload(file, cause));
  }

  /** Reloads only the certificate. */
  takeCertificate(cause: string): Promise<void> {
    return this.#inTurn(() => this.#reload(this.#file, cause));
  }

  /**
   * Makes a change at run time, on all nodes. Once this resolves, the change is saved as durably as the store allows. `edit`
   * is called after earlier changes, and again if another node was faster. If it throws, or if the change cannot be served or
   * saved, nothing changes and this rejects with its error or a ChangeError.
   */
  change(edit: Edit): Promise<void> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < maxConflicts; attempt += 1) {
        this.#kept.refuseObstacle();
        const changes = edit(this.#changes, this.editContext);
        if (changes === this.#changes) return;
        const apps = this.#serveable(this.#file, changes);
        if ((await this.#kept.write(changes)) === 'written') return this.#putApps(apps, changes);
        await this.#follow();
      }
      throw new ChangeError(
        'not-saved',
        `not saved: other nodes changed settings during each of ${maxConflicts} attempts; try again`,
      );
    });
  }

  /**
   * Applies an edited version of the file until the file is read again, for the control of a test. Rejects with what `edit`
   * throws, or with a ChangeError, and then changes nothing.
   */
  amend(edit: (file: Config) => Config): Promise<void> {
    return this.#inTurn(async () => {
      const file = edit(this.#file);
      const apps = this.#serveable(file, this.#changes);
      const fields = describePut(await this.#put({ ...this.#current, apps }, file, this.#changes));
      this.#options.log.info(fields, 'configuration changed at run time');
    });
  }

  /**
   * Overwrites kept changes that are not understood (`obstacle`) with the active ones. The old ones are lost. Rejects with a
   * ChangeError if the changes cannot be saved.
   */
  overwrite(): Promise<void> {
    return this.#inTurn(() => this.#kept.overwrite(this.#changes));
  }

  async #reload(file: Config, cause: string): Promise<void> {
    const { log, running } = this.#options;
    const keys = needsRestart(this.#current, file);
    try {
      const apps = this.#serveable(file, this.#changes);
      // A port cannot switch between TLS and plain text.
      const tls = this.#current.tls && file.tls;
      // The certificate comes first, because only this step can fail.
      const certificateChanged = tls !== undefined && (await running.showCertificate(tls));
      const next = { ...this.#current, apps, limits: file.limits, ...(tls && { tls }) };
      const changed = describePut(await this.#put(next, file, this.#changes), certificateChanged);
      if (keys.length > 0) log.warn({ keys }, 'these changes need a restart');
      log.info({ cause, ...changed }, 'configuration reloaded');
    } catch (error) {
      log.error({ cause, err: error }, 'configuration not reloaded, the old one stays active');
    }
  }

  /** Handles a difference between the kept changes and those that this node knows. */
  async #follow(): Promise<void> {
    if (await this.#kept.writeBack(this.#changes)) return;
    await this.#takeKept('another node');
  }

  /** Applies the kept changes, if they are new. Changes that cannot be served are remembered, but not applied. */
  async #takeKept(cause: string): Promise<void> {
    const changes = await this.#kept.read();
    if (changes === undefined) return;
    let apps: readonly AppConfig[];
    try {
      apps = this.#serveable(this.#file, changes);
    } catch (error) {
      this.#changes = changes;
      this.#options.log.error({ cause, err: error }, 'settings made at run time cannot be applied');
      return;
    }
    await this.#putApps(apps, changes, cause);
  }

  /** The apps of the file with the changes at run time. Throws if there is none, or if they cannot be served. */
  #serveable(file: Config, changes: RunTimeChanges): readonly AppConfig[] {
    const apps = layOver(file.apps, changes, rulesOf(this.#options));
    if (apps.length === 0) {
      throw new ChangeError(
        'last-app',
        'every app of the file was removed at run time, and the server needs at least one',
      );
    }
    const refusal = this.#options.running.refuse(apps);
    if (refusal !== undefined) throw new ChangeError('not-served', refusal);
    return apps;
  }

  async #putApps(apps: readonly AppConfig[], changes: RunTimeChanges, cause?: string): Promise<void> {
    const changed = describePut(await this.#put({ ...this.#current, apps }, this.#file, changes));
    this.#options.log.info(
      { ...(cause !== undefined && { cause }), ...changed },
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
    for (const listener of this.#listeners) listener();
    await served;
    return { apps: next.apps.length, difference: differenceOf(before.apps, next.apps) };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
