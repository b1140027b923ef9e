import { readFileSync } from 'node:fs';

/** Below this many open files a busy day ends in refused connections: each connection is one. */
const comfortable = 10_000;

/** What to tell an operator whose limit of open files is low; undefined when it is not, or not known. */
export function warnOfOpenFileLimit(
  read: () => string = () => readFileSync('/proc/self/limits', 'utf8'),
): string | undefined {
  let limits: string;
  try {
    limits = read();
  } catch {
    // Only Linux tells it so; elsewhere there is nothing to say.
    return undefined;
  }
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  if (soft >= comfortable) return undefined;
  return `the limit of open files is ${soft}, and each connection is one: raise it before many clients come (ulimit -n ${comfortable} or more)`;
}
