import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dateNow, hrtime } from '../real.ts';

/** What the machine's clocks say, for somebody who compares it with what they said before the program was started. */
export interface MachineReadings {
  readonly wallMs: number;
  /** Counts from the start of the machine on the usual systems, the same for all processes. */
  readonly hrtimeMs: number;
  readonly uptimeMs: number;
  /** A name of this run of the machine; undefined where there is none, which only Linux gives. */
  readonly bootId: string | undefined;
}

/** The id of this run of the machine. */
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
