import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dateNow, hrtime } from './real.ts';

/** Readings of the machine's clocks, to compare with readings of an earlier run of the program. */
export interface MachineReadings {
  readonly wallMs: number;
  /** Counts from the boot of the machine on common systems, equally for all processes. */
  readonly hrtimeMs: number;
  readonly uptimeMs: number;
  /** Identifies this boot of the machine. Undefined if unknown: only Linux provides it. */
  readonly bootId: string | undefined;
}

/** The id of this boot of the machine. */
export function readBootId(
  read: () => string = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
): string | undefined {
  try {
    const id = read().trim();
    return id === '' ? undefined : id;
  } catch {
    return undefined;
  }
}

const bootId = readBootId();

/** The present readings. */
export function readMachine(): MachineReadings {
  return {
    wallMs: dateNow(),
    hrtimeMs: Number(hrtime() / 1000n) / 1000,
    uptimeMs: uptime() * 1000,
    bootId,
  };
}
