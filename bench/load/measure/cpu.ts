import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The system's command to bind a process to a core, on Linux. */
const pinner = 'taskset';

/** How the two processes are kept apart, for the head of the report. */
export interface Placement {
  /** Words to put before the server's command; empty when it cannot be pinned. */
  readonly serverPrefix: readonly string[];
  readonly description: string;
}

/** Which cores servers and driver get, of so many that the machine has: the driver one of its own if one is left. */
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

/** Pins this process and says how to start servers on so many other cores, where the system can do that. */
export function separateCores(serverCores: number): Placement {
  const available = availableParallelism();
  if (available < 2) return { serverPrefix: [], description: 'one core only: server and driver share it' };
  const { server, driver, isShared } = coresFor(serverCores, available);
  const servers = `server on core${serverCores === 1 ? '' : 's'} ${server}`;
  try {
    execFileSync(pinner, ['-a', '-c', '-p', driver, String(process.pid)], { stdio: 'ignore' });
    return {
      serverPrefix: [pinner, '-c', server],
      description: isShared
        ? `${servers}, which the driver shares: rates say little, CPU per operation does`
        : `${servers}, driver on core ${driver}`,
    };
  } catch {
    return { serverPrefix: [], description: `not pinned: ${pinner} is not available` };
  }
}

/** Whether the CPU time of another process can be read here. */
export const canReadCpu = process.platform === 'linux';

const ticksPerSecond = canReadCpu ? askSystem('CLK_TCK', 100) : 100;
const pageBytes = canReadCpu ? askSystem('PAGESIZE', 4096) : 4096;

/** CPU seconds, user and system, that the process has used so far; null where it cannot be read. */
export function readCpu(pid: number | undefined): number | null {
  if (!canReadCpu || pid === undefined) return null;
  // Threads that have ended are in the ticks alone, which are rounded down.
  return Math.max(secondsOfThreads(pid), ticksOf(pid));
}

/** CPU seconds of each thread that lives, by its id; empty where they cannot be read. */
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

/** By the scheduler's own account of each thread that lives, where the kernel keeps one. */
function secondsOfThreads(pid: number): number {
  return [...readThreads(pid).values()].reduce((sum, seconds) => sum + seconds, 0);
}

function nanosecondsOf(thread: string): number | null {
  try {
    return Number.parseInt(readFileSync(`${thread}/schedstat`, 'latin1'), 10);
  } catch {
    return null; // The kernel was built without it, or the thread has ended meanwhile: the ticks will do.
  }
}

/** In steps of 10 ms. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field, the program's name in brackets, may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function askSystem(name: string, usual: number): number {
  try {
    return Number(execFileSync('getconf', [name], { encoding: 'utf8' })) || usual;
  } catch {
    return usual;
  }
}

/** How many files, and so sockets, a process may have open here. */
export function openFilesLimit(): number {
  try {
    const line = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'));
    return Number(line?.[1] ?? 1024); // The hard limit: Node raises the soft one to it.
  } catch {
    return 1024; // No /proc: the customary soft limit.
  }
}

/** Resident memory of a process in bytes; null where /proc does not exist. */
export function readRss(pid: number | undefined): number | null {
  if (!canReadCpu || pid === undefined) return null;
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return pages * pageBytes;
}
