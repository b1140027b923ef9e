import type { ConfigFault } from './fault.ts';

/**
 * Formats the faults for a terminal: each path on a line, with the message below. The text has no line break at the end. `file` is
 * the configuration file, if there is one.
 */
export function formatFaults(faults: readonly ConfigFault[], file?: string): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const entries = faults.map(({ path, message }) => `  ${path}\n    ${message}`);
  const where = file === undefined || file === '' ? '' : ` in ${file}`;
  return [`The configuration${where} has ${count}:`, ...entries].join('\n');
}
