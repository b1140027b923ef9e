import { closeSync, openSync } from 'node:fs';

/** Whether the process currently has a controlling terminal. Without one, it is a service. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
