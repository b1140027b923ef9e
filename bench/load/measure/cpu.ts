import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The Linux command that pins a process to a core. */
const pinner = 'taskset';

/** How server and driver are separated, for the header of the report. */
export interface Placement {
  /** Words to put before the server's command; empty if it cannot be pinned. */
  readonly serverPrefix: readonly string[];
  readonly description: string;
}

/** The cores of servers and driver on a machine with `available` cores. The driver gets its own core if one is left. */
export function coresFor(
  serverCores: number,
  available: number,
): { readonly server: string; readonly driver: string; readonly isShared: boolean } {
  const last = serverCores - 1;
  const server = last === 0 ? '0' : `0-${last}`;
  return serverCores < available
    ? { server, driver: String(serverCores), isShared: false }
    : { server, driver: server, isShared: true };
}

/** Pins this process to a core, if possible, and returns how to start servers on `serverCores` other cores. */
export function separateCores(serverCores: number): Placement {
  const available = availableParallelism();
  if (available < 2) return { serverPrefix: [], description: 'only one core, which server and driver share' };
  const { server, driver, isShared } = coresFor(serverCores, available);
  const servers = `server on core${serverCores === 1 ? '' : 's'} ${server}`;
  try {
    execFileSync(pinner, ['-a', '-c', '-p', driver, String(process.pid)], { stdio: 'ignore' });
    return {
      serverPrefix: [pinner, '-c', server],
      description: isShared
        ? `${servers}, shared with the driver: rates are not meaningful, CPU per operation is`
        : `${servers}, driver on core ${driver}`,
    };
  } catch {
    return { serverPrefix: [], description: `not pinned: ${pinner} is not available` };
  }
}

/** Whether this system shows the CPU time of other processes. */
export const canReadCpu = process.platform === 'linux';

const ticksPerSecond = canReadCpu ? systemValue('CLK_TCK', 100) : 100;
const pageBytes = canReadCpu ? systemValue('PAGESIZE', 4096) : 4096;

/** CPU seconds, user and system, that the process has used so far; null if they cannot be read. */
export function readCpu(pid: number | undefined): number | null {
  if (!canReadCpu || pid === undefined) return null;
  // Only the ticks include threads that have ended, but they are rounded down.
  return Math.max(secondsOfThreads(pid), ticksOf(pid));
}

/** CPU seconds of each running thread by its id; empty if they cannot be read. */
export function readThreads(pid: number | undefined): ReadonlyMap<string, number> {
  if (!canReadCpu || pid === undefined) return new Map();
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(
    threads.flatMap((thread) => {
      const nanoseconds = nanosecondsOf(`/proc/${pid}/task/${thread}`);
      return nanoseconds === null ? [] : [[thread, nanoseconds / 1e9] as const];
    }),
  );
}

/** The sum over all running threads, as counted by the scheduler; 0 if the kernel does not count. */
function secondsOfThreads(pid: number): number {
  return [...readThreads(pid).values()].reduce((sum, seconds) => sum + seconds, 0);
}

function nanosecondsOf(thread: string): number | null {
  try {
    return Number.parseInt(readFileSync(`${thread}/schedstat`, 'latin1'), 10);
  } catch {
    return null; // The kernel was built without it, or the thread has ended: the caller falls back to ticks.
  }
}

/** CPU seconds in steps of 10 ms. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field, the program's name in parentheses, can contain spaces: read the fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function systemValue(name: string, usual: number): number {
  try {
    return Number(execFileSync('getconf', [name], { encoding: 'utf8' })) || usual;
  } catch {
    return usual;
  }
}

/** How many files, including sockets, this process can open. */
export function openFilesLimit(): number {
  try {
    const line = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'));
    return Number(line?.[1] ?? 1024); // The hard limit, to which Node raises the soft limit.
  } catch {
    return 1024; // No /proc: use the common soft limit.
  }
}

/** Resident memory of a process in bytes; null without /proc. */
export function readRss(pid: number | undefined): number | null {
  if (!canReadCpu || pid === undefined) return null;
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return pages * pageBytes;
}
