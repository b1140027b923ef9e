import { isDroppedEvent, type DroppedEvent } from '../delivery-log/drop-journal.ts';
import type { StoreConfig } from '../config/schema/store-schema.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import type { EventDispatcher } from '../ports/delivery-source.ts';
import type { Log } from '../ports/log.ts';
import { StartError } from '../ports/start-error.ts';
import { openDatabase, StoreError, type Database } from '../store/disk/database.ts';
import { DurableStore } from '../store/durable/durable-store.ts';
import { DropTable } from '../store/durable/drop-table.ts';
import { Run } from '../store/durable/run.ts';
import { hasFields, isNumber } from '../store/durable/rows.ts';
import { isText, parseJson } from '../protocol/json-value.ts';
import { DebtTable } from '../store/durable/debt-table.ts';
import { EndpointTable } from '../store/durable/endpoint-table.ts';
import { SettingsTable } from '../store/durable/settings-table.ts';
import { LetterTable } from '../store/durable/letter-table.ts';
import type { MemoryDeadLetters } from '../store/memory/dead-letters.ts';
import { restartGrace } from '../store/durable/restart-grace.ts';
import { readMachine } from '../system/readings.ts';
import { restoreState, type StateTargets } from './restore-state.ts';

/** The dependencies of a node's store on disk. */
export interface DurableOptions {
  readonly config: StoreConfig;
  readonly restartGraceMs: Millis | 'auto';
  readonly disconnectGraceMs: Millis;
  readonly holdsClientEvents: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly dispatcher: () => EventDispatcher;
  /** Adds further rows that belong to a write, immediately before it. */
  readonly beforeWrite: () => void;
}

/** The parts that take over what was kept. */
export interface RestoreTargets extends StateTargets {
  readonly letters: MemoryDeadLetters;
}

/** The health of the store. */
export interface StoreHealth {
  /** Why writing fails now; undefined: it does not. */
  readonly failure: string | undefined;
  /** What could not be read at the start, where it was moved to, and why. */
  readonly lost: Database['lost'];
  /** Why data was lost at this start or, within the last 7 days, at an earlier one. */
  readonly lostReason: string | undefined;
}

/** What a single node keeps on disk. */
export interface Durable {
  readonly store: DurableStore;
  readonly run: Run;
  readonly drops: DropTable<DroppedEvent>;
  readonly letters: LetterTable;
  readonly debts: DebtTable;
  readonly endpoints: EndpointTable;
  readonly settings: SettingsTable;
  /** Continues where the previous run ended. Call it once, before anything that clients cause takes effect. */
  restore(targets: RestoreTargets): void;
  describe(): StoreHealth;
  close(): Promise<void>;
}

/** The version of the stored format. */
const layout = 1;

/** Opens the store. If that is impossible, rejects with a StartError that explains what to do. */
export async function openDurable(options: DurableOptions): Promise<Durable> {
  const { config, clock, log, dispatcher, holdsClientEvents } = options;
  const { path, sync } = config;
  const database = await openOrRefuse({
    path,
    sync,
    layout,
    clock,
    log,
    onFailure: (reason) =>
      log.error({ path, reason }, 'cannot write to the store: webhooks wait, clients are not affected'),
    onRecovery() {
      log.info({ path }, 'writing to the store works again');
      dispatcher().resume();
    },
  });
  const run = new Run(database, clock, readMachine);
  // No attempt may be made before this run has been counted.
  await database.safe('now');
  const lostReason = noteLoss(database, run);
  const drops = new DropTable(database, isDroppedEvent);
  const letters = new LetterTable(database);
  const debts = new DebtTable(database, run.meta);
  const endpoints = new EndpointTable(database);
  const settings = new SettingsTable(database);
  const beforeWrite = (): void => {
    options.beforeWrite();
    debts.prepare();
  };
  const store = new DurableStore({ database, run, clock, dispatcher, beforeWrite, holdsClientEvents });
  return {
    store,
    run,
    drops,
    letters,
    debts,
    endpoints,
    settings,
    restore(targets) {
      const keptLetters = letters.restore(run.meta);
      targets.letters.restore(keptLetters);
      if (keptLetters.keptSinceMs === undefined) letters.begin(targets.letters.keptSinceMs);
      const { before } = run;
      const downMs = before?.downMs ?? 0;
      const { disconnectGraceMs, restartGraceMs } = options;
      const graceMs = restartGrace(restartGraceMs, { downMs, disconnectGraceMs });
      const restored = restoreState({ database, store, drops, debts, endpoints }, targets, graceMs);
      if (before === undefined) return;
      if (before.warning !== undefined) log.warn({ downMs }, `${before.warning} while the server was down`);
      const fields = { ended: before.how, downMs: Math.round(downMs), graceMs, starts: run.starts };
      log.info({ ...fields, ...restored }, 'continuing with the state in the store');
      const { dormantApps } = restored;
      if (dormantApps.length > 0) {
        log.warn(
          { apps: dormantApps },
          'the store has the state of apps that are not configured: it is kept for a week',
        );
      }
    },
    describe: () => ({ failure: database.failure, lost: database.lost, lostReason }),
    close: () => store.close(),
  };
}

/** How long a loss is reported to backends, across restarts, by the clock that also runs while the server is down. */
const reportLossMs: Millis = 7 * 86_400_000;

/** Returns why data was lost at this start or within `reportLossMs` before it. */
function noteLoss(database: Database, run: Run): string | undefined {
  const { lost } = database;
  if (lost !== undefined) {
    const noted: Loss = { reason: lost.reason, at: run.lasting() };
    database.put('meta', 'lost', JSON.stringify(noted));
    return lost.reason;
  }
  const noted = parseJson(run.meta.get('lost') ?? '');
  return isLoss(noted) && run.lasting() - noted.at < reportLossMs ? noted.reason : undefined;
}

interface Loss {
  readonly reason: string;
  readonly at: number;
}

function isLoss(value: unknown): value is Loss {
  return hasFields(value, { reason: isText, at: isNumber });
}

async function openOrRefuse(options: Parameters<typeof openDatabase>[0]): Promise<Database> {
  try {
    return await openDatabase(options);
  } catch (error) {
    if (error instanceof StoreError) throw new StartError('ERR_STORE', error.message, error);
    throw error;
  }
}
