import type { Hub } from '../connections/hub.ts';
import type { LocalApp, LocalApps } from '../apps/local-app.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { ClosingError } from '../protocol/errors.ts';
import type { Activity } from './time/activity.ts';
import { check, resetOptions } from './check.ts';
import { refuseUnknownPath } from './faults/api-paths.ts';
import { checkApiFault, checkConnectionFault, checkWebhookFault } from './faults/check-fault.ts';
import { dropConnections, type ApiFault, type ConnectionRefusal } from './faults/client-faults.ts';
import type { MovableClock } from './time/movable-clock.ts';
import { EmulatorError, invalidArgument } from './emulator-error.ts';
import { FaultList, type ActiveFault, type Fault } from './faults/fault-list.ts';
import { Pace } from './time/pace.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { SeededIds } from './seeded-ids.ts';
import type { SeededRandom } from './time/seeded-random.ts';
import type { ClientCount, FakedTimers } from './waits/report.ts';
import type { PublishLog } from './published/publish-log.ts';
import { PublishWaiting } from './published/publish-waiting.ts';
import type { Journal } from './record/journal.ts';
import { recordedApp, recordRun } from './record/record-run.ts';
import type { RecordedApp, RunRecord } from './record/run-record.ts';
import { RefusalNotes } from './waits/refusal-notes.ts';
import { Waits } from './waits/waiting.ts';
import type { WebhookFault } from './faults/webhook-faults.ts';
import type { RealTime } from '../ports/real-time.ts';

/** The parts of the server that the emulator uses. */
export interface HeldServer {
  readonly apps: LocalApps;
  readonly hub: Pick<Hub, 'end' | 'endAll' | 'endAllNow'>;
  readonly ledger: ChannelQueries;
  /** The route patterns of the HTTP API, such as `/apps/:app/events`, including the path prefix. */
  readonly apiPatterns: readonly string[];
  readonly backplane: {
    forget(appId: string, work: () => void): void;
    readQueues(): Iterable<QueueReading>;
  };
}

/** What the core needs before the server exists. */
export interface CoreOptions {
  readonly clock: MovableClock;
  readonly real: RealTime;
  readonly activity: Activity;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly publishLog: PublishLog;
  readonly random: SeededRandom;
  /** Undefined: ids are random. */
  readonly ids: SeededIds | undefined;
  readonly seed: number | undefined;
  readonly fakedTimers: () => FakedTimers;
  /** After this time every event that was pending has been sent. */
  readonly sendsWithinMs: number;
}

/** The active faults, by kind. */
export interface FaultReport {
  readonly webhooks: readonly ActiveFault<WebhookFault>[];
  readonly connections: readonly ActiveFault<ConnectionRefusal>[];
  readonly api: readonly ActiveFault<ApiFault>[];
}

/** After a reset, clients must not reconnect into the next test. */
const resetError: ClosingError = { reason: 'injected_fault', code: 4009, message: 'The emulator was reset' };

/** The same for clients that must reconnect immediately. */
const resetAndReturn: ClosingError = {
  reason: 'injected_fault',
  code: 4200,
  message: 'The emulator was reset. Please reconnect.',
};

/** Everything that a test can do, for one app or for all. The library and the control API share it. */
export class EmulatorCore {
  readonly clock: MovableClock;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly activity: Activity;
  readonly pace: Pace;
  readonly waiting: Waits;
  readonly publishLog: PublishLog;
  readonly publishWaiting: PublishWaiting;
  readonly webhookFaults: FaultList<WebhookFault>;
  readonly refusals: FaultList<ConnectionRefusal>;
  readonly apiFaults: FaultList<ApiFault>;
  /** The refusals that clients received. */
  readonly refused = new RefusalNotes();
  readonly #random: SeededRandom;
  readonly #ids: SeededIds | undefined;
  readonly #seed: number | undefined;
  /** The apps at the time of closing, for records. */
  #lastApps: readonly RecordedApp[] = [];
  #held: HeldServer | undefined;
  #isClosed = false;
  #faults = 0;
  /** By app: how many clients the last reset closed for good. */
  readonly #closedByReset = new Map<string, number>();
  /** How often each app was reset, and all of them together. */
  readonly #forgotten = new Map<string | undefined, number>();

  constructor(options: CoreOptions) {
    const { clock, real, activity, recorder, journal, publishLog, random, ids, sendsWithinMs } = options;
    this.clock = clock;
    this.recorder = recorder;
    this.journal = journal;
    this.#seed = options.seed;
    this.activity = activity;
    this.#random = random;
    this.#ids = ids;
    this.pace = new Pace({
      clock,
      real,
      activity,
      refuseClosed: () => void this.held,
      advanced: (ms) => journal.add(undefined, { kind: 'clock advanced', ms }),
    });
    this.publishLog = publishLog;
    const waits = {
      pace: this.pace,
      isVirtual: clock.isVirtual,
      now: () => clock.now(),
      sendsWithinMs,
      guard: (appId: string | undefined, gone?: AbortSignal) => this.#guard(appId, gone),
    };
    this.publishWaiting = new PublishWaiting({
      ...waits,
      log: publishLog,
      refusedOf: (appId) =>
        this.refused.describeRequests(appId, (id) => this.held.apps.byId(id) !== undefined),
    });
    this.waiting = new Waits({
      ...waits,
      recorder,
      endpointsOf: (appId) =>
        this.apps(appId).flatMap(({ config }) => config.endpoints.map((endpoint) => endpoint.url)),
      clientsOf: (appId) => this.#countClients(appId),
      obstaclesOf: (appId) => ({
        refused: this.refused.describe(
          appId,
          this.apps().map(({ config }) => config.key),
        ),
        faked: options.fakedTimers(),
      }),
      readQueues: () => this.held.backplane.readQueues(),
    });
    const nextId = (): number => (this.#faults += 1);
    this.webhookFaults = new FaultList(nextId);
    this.refusals = new FaultList(nextId);
    this.apiFaults = new FaultList(nextId);
  }

  /** Connects the core to the server. */
  hold(held: HeldServer): void {
    this.#held = held;
  }

  /** Marks the emulator as closed: records stay readable, but other calls throw ERR_CLOSED, and pending waits reject. */
  release(): void {
    if (!this.#isClosed) this.#lastApps = this.apps().map(recordedApp);
    this.#isClosed = true;
    this.activity.note();
  }

  /** Whether the emulator has been closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get held(): HeldServer {
    if (this.#isClosed)
      throw new EmulatorError('ERR_CLOSED', 'the emulator has been closed; start another one');
    if (this.#held === undefined) throw new Error('the server has not been built yet');
    return this.#held;
  }

  /** Returns the one app, or all apps. Throws ERR_APP_UNKNOWN. */
  apps(appId?: string): readonly LocalApp[] {
    return appId === undefined ? [...this.held.apps] : [this.app(appId)];
  }

  app(appId: string): LocalApp {
    const app = this.held.apps.byId(appId);
    if (app !== undefined) return app;
    const known = [...this.held.apps].map(({ config }) => config.id).join(', ');
    throw new EmulatorError('ERR_APP_UNKNOWN', `there is no app '${appId}'; known apps: ${known}`);
  }

  /** Returns the record since the start or the last reset, of one app or of all. It also works after the emulator was closed. */
  record(appId?: string): RunRecord {
    const { clock, recorder, journal } = this;
    const known = this.#isClosed ? this.#lastApps : this.apps(appId).map(recordedApp);
    const apps = known.filter(({ id }) => appId === undefined || id === appId);
    return recordRun({ clock, seed: this.#seed, recorder, journal, apps }, appId);
  }

  /** Injects a fault into requests to endpoints. */
  failWebhooks(appId: string | undefined, fault: unknown): Fault & { readonly id: number } {
    const checked = checkWebhookFault(fault);
    const { endpoint } = checked;
    const endpoints = this.apps(appId).flatMap(({ config }) => config.endpoints);
    if (endpoint !== undefined && !endpoints.some(({ id, url }) => id === endpoint || url === endpoint)) {
      const known = endpoints.map(({ id, url }) => `${id} (${url})`).join(', ') || 'none';
      throw invalidArgument(`faults.webhooks: there is no endpoint '${endpoint}'; known endpoints: ${known}`);
    }
    return this.#injected('webhooks', { appId, fault: checked }, this.webhookFaults.add(checked, appId));
  }

  /** Injects a fault into the HTTP API. */
  failApi(appId: string | undefined, fault: unknown): Fault & { readonly id: number } {
    const checked = checkApiFault(fault);
    // Refuse faults for an unknown app, and after the emulator was closed.
    this.apps(appId);
    if (checked.path !== undefined) refuseUnknownPath(checked.path, this.held.apiPatterns);
    return this.#injected('api', { appId, fault: checked }, this.apiFaults.add(checked, appId));
  }

  /** Closes open connections, or refuses new ones. */
  failConnections(appId: string | undefined, given: unknown): Fault & { readonly id: number } {
    const fault = checkConnectionFault(given);
    // Refuse faults for an unknown app, and after the emulator was closed.
    const apps = this.apps(appId);
    const injected = { appId, fault };
    if (fault.refuse !== undefined) {
      return this.#injected('connections', injected, this.refusals.add(fault, appId));
    }
    const hits = apps
      .map((app) => dropConnections(app, fault, this.held.hub))
      .reduce((sum, count) => sum + count, 0);
    // The fault is over already, so there is nothing to clear.
    return this.#injected('connections', injected, { id: 0, hits, clear: () => {} });
  }

  listFaults(): FaultReport {
    return {
      webhooks: this.webhookFaults.list(),
      connections: this.refusals.list(),
      api: this.apiFaults.list(),
    };
  }

  /** Returns how often a fault has applied. Throws ERR_ARGUMENT_INVALID if there was no such fault. */
  hitsOf(id: number): number {
    for (const faults of [this.webhookFaults, this.refusals, this.apiFaults]) {
      const hits = faults.hitsOf(id);
      if (hits !== undefined) return hits;
    }
    throw invalidArgument(`there is no fault with the id ${id}`);
  }

  /** Clears one fault. Returns false if there is no such fault. */
  clearFault(id: number): boolean {
    for (const faults of [this.webhookFaults, this.refusals, this.apiFaults]) {
      const removed = faults.remove(id);
      if (removed === undefined) continue;
      this.journal.add(removed.appId, { kind: 'fault cleared', id });
      return true;
    }
    return false;
  }

  clearFaults(appId?: string): void {
    this.journal.add(appId, { kind: 'faults cleared' });
    for (const faults of [this.webhookFaults, this.refusals, this.apiFaults]) faults.clear(appId);
  }

  /** Clears the state of one app or all apps without webhooks. Requests in progress are abandoned. */
  async reset(appId?: string, options: { readonly reconnect?: boolean } = {}): Promise<void> {
    const { reconnect = false } = check(resetOptions, options, 'reset');
    const counts = this.apps(appId).map(({ config, sessions }) => [config.id, sessions.size] as const);
    this.forget(appId, reconnect ? resetAndReturn : resetError);
    if (!reconnect) for (const [id, count] of counts) this.#closedByReset.set(id, count);
    if (appId === undefined) {
      this.#random.restart();
      this.#ids?.restart();
      this.refused.clear();
    }
    await this.activity.settled();
  }

  /** How often an app was reset, alone or with all others. Without an app, how often all of them were reset together. */
  resetsOf(appId: string | undefined): number {
    const ofAll = this.#forgotten.get(undefined) ?? 0;
    return appId === undefined ? ofAll : ofAll + (this.#forgotten.get(appId) ?? 0);
  }

  /** Records that a fault was injected. */
  #injected(
    on: 'webhooks' | 'connections' | 'api',
    { appId, fault }: { readonly appId: string | undefined; readonly fault: object },
    made: Fault & { readonly id: number },
  ): Fault & { readonly id: number } {
    this.journal.add(appId, { kind: 'fault injected', on, id: made.id, fault: { ...fault } });
    return {
      id: made.id,
      get hits() {
        return made.hits;
      },
      clear: () => void this.clearFault(made.id),
    };
  }

  /** Returns a check for pending waits: it throws once the emulator is closed, or the app is removed or reset. */
  #guard(appId: string | undefined, gone?: AbortSignal): () => void {
    const before = this.resetsOf(appId);
    gone?.addEventListener('abort', () => this.activity.note());
    return () => {
      this.apps(appId);
      if (gone?.aborted === true) {
        throw new EmulatorError('ERR_CLOSED', 'the client that requested this wait has disconnected');
      }
      if (this.resetsOf(appId) === before) return;
      throw new EmulatorError(
        'ERR_RESET',
        'the emulator was reset during this wait: is an await missing, or did the test end earlier?',
      );
    };
  }

  #countClients(appId: string | undefined): ClientCount {
    const apps = this.apps(appId);
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    return {
      connected: sum(apps.map(({ sessions }) => sessions.size)),
      closedByReset: sum(apps.map(({ config }) => this.#closedByReset.get(config.id) ?? 0)),
    };
  }

  /** The same as `reset`, synchronously; clients are closed with this error. */
  forget(appId: string | undefined, error: ClosingError): void {
    this.#forgotten.set(appId, (this.#forgotten.get(appId) ?? 0) + 1);
    for (const app of this.apps(appId)) {
      const { id } = app.config;
      const { backplane, hub } = this.held;
      backplane.forget(id, () => hub.endAllNow(app, error));
      this.recorder.clear(id);
      this.refused.clear(id);
      this.publishLog.clear(id);
      this.#closedByReset.delete(id);
    }
    this.clearFaults(appId);
    this.journal.clear(appId);
    // Reject pending waits.
    this.activity.note();
  }
}
