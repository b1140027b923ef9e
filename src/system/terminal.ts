import { closeSync, openSync } from 'node:fs';

/** Whether the program has a terminal that it belongs to, at this moment: without one it is a service. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
