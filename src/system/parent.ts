import { readFileSync } from 'node:fs';

/** What is looked at to see whether the program that started this one is gone. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The id of the parent at this moment. */
  readonly parentId: () => number;
  /** The id of the parent of a process; undefined where that cannot be told. */
  readonly parentOf: (id: number) => number | undefined;
  /** Calls back again and again, without keeping the process alive. */
  readonly every: (ms: number, look: () => void) => void;
}

const here: Surroundings = {
  env: process.env,
  parentId: () => process.ppid,
  parentOf,
  every: (ms, look) => void setInterval(look, ms).unref(),
};

/** So often it is looked. */
const lookMs = 1000;

/**
 * Calls `orphaned` once when npx, which started this program, is gone: npx starts it by a shell, and a signal that ends npx or the
 * shell does not reach this program. Started in any other way (by systemd, a container, `nohup`, in the background) a program
 * may outlive its parent on purpose, so then nothing is looked at.
 */
export function whenNpxEnds(
  orphaned: () => void,
  { env, parentId, parentOf: above, every }: Surroundings = here,
): void {
  if (env['npm_lifecycle_event'] !== 'npx') return;
  const shell = parentId();
  const npx = above(shell);
  let isTold = false;
  every(lookMs, () => {
    if (isTold) return;
    const isShellHere = parentId() === shell;
    const isNpxHere = npx === undefined || (above(shell) ?? npx) === npx;
    if (isShellHere && isNpxHere) return;
    isTold = true;
    orphaned();
  });
}

/** Elsewhere than on Linux shells hand their process over to what they start, so that npx is the parent itself. */
function parentOf(id: number): number | undefined {
  try {
    // The name of the program stands in brackets, and may hold anything.
    const afterName = readFileSync(`/proc/${id}/stat`, 'latin1').split(') ').at(-1) ?? '';
    const parent = Number(afterName.split(' ')[1]);
    return Number.isSafeInteger(parent) ? parent : undefined;
  } catch {
    return undefined;
  }
}
