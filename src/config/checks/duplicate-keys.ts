import { visit } from 'jsonc-parser';
import { formatPath, type ConfigFault } from './fault.ts';

/** Where a key stands in a text. Lines and columns count from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds every key that an object of a JSON text has more than once. `JSON.parse` takes the last of them in silence,
 * so whoever reads the first one is wrong about what holds.
 */
export function duplicateKeyFaults(text: string): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  /** The keys of the objects that are open at this place, the innermost last. */
  const open: Map<string, Place>[] = [];
  try {
    visit(text, {
      onObjectBegin: () => void open.push(new Map()),
      onObjectEnd: () => void open.pop(),
      onObjectProperty(...[key, , , startLine, startColumn, pathOf]) {
        const place = { line: startLine + 1, column: startColumn + 1 };
        const keys = open.at(-1);
        const first = keys?.get(key);
        if (first === undefined) keys?.set(key, place);
        else {
          const message = `is given twice, at ${inWords(first)} and at ${inWords(place)}; keep only one of them`;
          faults.push({ path: formatPath([...pathOf(), key]), message });
        }
      },
    });
  } catch {
    // Nested beyond the stack: no configuration is, and the schema says so.
  }
  return faults;
}

function inWords({ line, column }: Place): string {
  return `line ${line}, column ${column}`;
}
