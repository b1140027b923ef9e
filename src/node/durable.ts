import { isDroppedEvent, type DroppedEvent, type DropJournal } from '../delivery-log/drop-journal.ts';
import type { StoreConfig } from '../config/schema/store-schema.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import type { DeliveryMachine } from '../ports/delivery-source.ts';
import type { Log } from '../ports/log.ts';
import { StartError } from '../ports/start-error.ts';
import { openDatabase, StoreError, type Database } from '../store/disk/database.ts';
import { DurableStore, type StateHeir } from '../store/durable/durable-store.ts';
import { DropTable } from '../store/durable/drop-table.ts';
import { Run } from '../store/durable/run.ts';
import { hasFields, isNumber, isText, parse, Rows } from '../store/durable/rows.ts';
import { DebtTable, type DebtOfEndpoint } from '../store/durable/debt-table.ts';
import { SettingsTable } from '../store/durable/settings-table.ts';
import { LetterTable } from '../store/durable/letter-table.ts';
import type { MemoryDeadLetters } from '../store/memory/dead-letters.ts';
import { restartGrace } from '../store/durable/restart-grace.ts';
import { readMachine } from '../system/readings.ts';

/** What a node keeps on disk is made with. */
export interface DurableOptions {
  readonly config: StoreConfig;
  readonly restartGraceMs: Millis | 'auto';
  readonly disconnectGraceMs: Millis;
  readonly holdsClientEvents: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly machine: () => DeliveryMachine;
  /** Puts what else belongs to a write, right before it. */
  readonly beforeWrite: () => void;
}

/** Who goes on with what was kept. */
export interface Heirs {
  readonly ledger: StateHeir;
  readonly drops: Pick<DropJournal, 'restore'>;
  readonly letters: MemoryDeadLetters;
  /** Takes over what an endpoint was told last. */
  readonly debt: (debt: DebtOfEndpoint) => void;
  readonly isConfigured: (appId: string) => boolean;
}

/** How the store does. */
export interface StoreHealth {
  /** Why writing fails at the moment. */
  readonly failure: string | undefined;
  /** What could not be read at the start, where it was moved to, and why. */
  readonly lost: Database['lost'];
  /** Why something was lost at this start or, in the last days, at an earlier one. */
  readonly lostReason: string | undefined;
}

/** What a node that is alone keeps on disk. */
export interface Durable {
  readonly store: DurableStore;
  readonly run: Run;
  readonly drops: DropTable<DroppedEvent>;
  readonly letters: LetterTable;
  readonly debts: DebtTable;
  readonly settings: SettingsTable;
  /** Goes on where the life before ended. To be called once, when clients can connect. */
  restore(heirs: Heirs): void;
  describe(): StoreHealth;
  close(): Promise<void>;
}

/** The version of what is written. */
const layout = 1;

/** Opens the store. Rejects with a StartError that says what to do when there can be none. */
export async function openDurable(options: DurableOptions): Promise<Durable> {
  const { config, clock, log, machine, holdsClientEvents } = options;
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
      machine().resume();
    },
  });
  const run = new Run(database, clock, readMachine);
  // No attempt may be made before this life is counted.
  await database.safe('now');
  const lostReason = noteLoss(database, run);
  const drops = new DropTable(database, isDroppedEvent);
  const letters = new LetterTable(database);
  const debts = new DebtTable(database);
  const settings = new SettingsTable(database);
  const { beforeWrite } = options;
  const store = new DurableStore({ database, run, clock, machine, beforeWrite, holdsClientEvents });
  return {
    store,
    run,
    drops,
    letters,
    debts,
    settings,
    restore(heirs) {
      for (const one of debts.restore()) heirs.debt(one);
      const keptLetters = letters.restore(run.meta);
      heirs.letters.restore(keptLetters);
      if (keptLetters.keptSinceMs === undefined) letters.begin(heirs.letters.keptSinceMs);
      const rows = new Rows(database);
      for (const { appId, kind, kept } of drops.restore(rows, ({ timeMs }) => timeMs)) {
        heirs.drops.restore(appId, kind, kept);
      }
      const { before } = run;
      const downMs = before?.downMs ?? 0;
      const { disconnectGraceMs, restartGraceMs } = options;
      const graceMs = restartGrace(restartGraceMs, { downMs, disconnectGraceMs });
      const { ledger: heir, isConfigured } = heirs;
      const restored = store.restore({ rows, heir, graceMs, isConfigured });
      if (before === undefined) return;
      if (before.warning !== undefined) log.warn({ downMs }, `${before.warning} while the server was down`);
      const fields = { ended: before.how, downMs: Math.round(downMs), graceMs, starts: run.starts };
      log.info({ ...fields, ...restored }, 'continuing with the state in the store');
    },
    describe: () => ({ failure: database.failure, lost: database.lost, lostReason }),
    close: () => store.close(),
  };
}

/** How long backends are told of a loss, whatever is restarted meanwhile: on the clock that goes on while the program is down. */
const tellLossMs: Millis = 7 * 86_400_000;

/** Why something was lost, now or of late. */
function noteLoss(database: Database, life: Run): string | undefined {
  const { lost } = database;
  if (lost !== undefined) {
    const noted: Loss = { reason: lost.reason, at: life.lasting() };
    database.put('meta', 'lost', JSON.stringify(noted));
    return lost.reason;
  }
  const noted = parse(life.meta.get('lost') ?? '');
  return isLoss(noted) && life.lasting() - noted.at < tellLossMs ? noted.reason : undefined;
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
