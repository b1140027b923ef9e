import type { ConfigFault } from './fault.ts';

/** The faults as text for a terminal: each path on a line, what is wrong with it below. Ends without a line break. */
export function formatFaults(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const entries = faults.map(({ path, message }) => `  ${path}\n    ${message}`);
  return [`The configuration has ${count}:`, ...entries].join('\n');
}
