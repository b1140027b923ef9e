import { readFileSync } from 'node:fs';

/** What `whenNpxEnds` looks at. */
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

/** How often to look. */
const lookMs = 1000;

/**
 * Calls `orphaned` once when npx started this program and is gone. npx starts programs through a shell, and a signal that ends npx or
 * the shell does not reach this program. A program that was started in another way (by systemd, in a container, with `nohup`, in
 * the background) may outlive its parent on purpose, so nothing is watched then.
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

/** Only Linux tells it. Elsewhere shells replace themselves with the program, so that npx is the parent itself. */
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
