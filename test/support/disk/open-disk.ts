import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Log, LogFields } from '../../../src/ports/log.ts';
import { silentLog } from '../../../src/ports/log.ts';
import {
  openDatabase,
  type Database,
  type OpenOptions,
  type Seams,
} from '../../../src/store/disk/database.ts';
import { systemClock } from '../../../src/system/clock.ts';

/** Creates a folder that is removed with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Records warnings and errors of a log. */
export interface Line {
  readonly level: 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** Opens a database as a server does. It is closed with the test. */
export async function openDisk(
  path: string,
  options: Partial<OpenOptions> = {},
  seams: Seams = {},
): Promise<{
  readonly database: Database;
  readonly lines: readonly Line[];
  readonly reports: readonly string[];
}> {
  const lines: Line[] = [];
  const reports: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => void lines.push({ level: 'warn', fields, message }),
    error: (fields, message) => void lines.push({ level: 'error', fields, message }),
  };
  const database = await openDatabase(
    {
      path,
      sync: 'process',
      layout: 1,
      clock: systemClock,
      log,
      onFailure: (reason) => void reports.push(`failure: ${reason}`),
      onRecovery: () => void reports.push('recovery'),
      ...options,
    },
    seams,
  );
  onTestFinished(() => database.close());
  return { database, lines, reports };
}
