import { readFileSync } from 'node:fs';

/** What `whenNpxEnds` needs to know. */
export interface ProcessTree {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current id of the parent. */
  readonly parentId: () => number;
  /** The id of a process's parent; undefined if unknown. */
  readonly parentOf: (id: number) => number | undefined;
  /** Calls back periodically, without keeping the process alive. */
  readonly every: (ms: number, check: () => void) => void;
}

const here: ProcessTree = {
  env: process.env,
  parentId: () => process.ppid,
  parentOf,
  every: (ms, check) => void setInterval(check, ms).unref(),
};

/** The interval between two checks. */
const checkMs = 1000;

/**
 * Calls `orphaned` once if npx started this program and has ended. npx starts programs through a shell, and a signal that ends npx or
 * the shell does not reach this program. A program that was started in another way (by systemd, in a container, with `nohup`, in
 * the background) may outlive its parent on purpose, so nothing is watched then.
 */
export function whenNpxEnds(
  orphaned: () => void,
  { env, parentId, parentOf: above, every }: ProcessTree = here,
): void {
  if (env['npm_lifecycle_event'] !== 'npx') return;
  const shell = parentId();
  const npx = above(shell);
  let isReported = false;
  every(checkMs, () => {
    if (isReported) return;
    const isShellHere = parentId() === shell;
    const isNpxHere = npx === undefined || (above(shell) ?? npx) === npx;
    if (isShellHere && isNpxHere) return;
    isReported = true;
    orphaned();
  });
}

/** Only Linux provides it. On other systems, shells replace themselves with the program, so npx itself is the parent. */
function parentOf(id: number): number | undefined {
  try {
    // The name of the program is in parentheses, and may contain anything.
    const afterName = readFileSync(`/proc/${id}/stat`, 'latin1').split(') ').at(-1) ?? '';
    const parent = Number(afterName.split(' ')[1]);
    return Number.isSafeInteger(parent) ? parent : undefined;
  } catch {
    return undefined;
  }
}
