import { visit } from 'jsonc-parser';
import { formatPath, type ConfigFault } from './fault.ts';

/** The position of a key in a text. Lines and columns count from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds every key that an object in a JSON text has more than once. `JSON.parse` silently uses the last one, so a person who reads
 * the first one would be misled.
 */
export function duplicateKeyFaults(text: string): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  /** The keys of the objects that are open at this position, the innermost last. */
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
          const message = `is given twice, at ${describePlace(first)} and at ${describePlace(place)}; keep only one of them`;
          faults.push({ path: formatPath([...pathOf(), key]), message });
        }
      },
    });
  } catch {
    // The nesting exceeds the stack. Such a text is no configuration, and the schema reports it.
  }
  return faults;
}

function describePlace({ line, column }: Place): string {
  return `line ${line}, column ${column}`;
}
