import { readdirSync, readFileSync } from 'node:fs';

/** The open files of this process. Connections are files, too. */
export interface OpenFiles {
  /** The maximum number of open files. */
  readonly limit: number;
  /** The current number of open files. */
  readonly open: number;
}

/** How open files are divided, so that clients cannot use up what webhooks and Redis need. */
export interface FileShares {
  /** At this number of connections, no more clients are accepted. */
  readonly clients: number;
  /** At this number of connections, the separate metrics port accepts no more connections. */
  readonly metrics: number;
  /** The maximum number of concurrent delivery attempts. */
  readonly attempts: number;
}

/** Below this limit, a busy server may have to refuse connections, because each connection is an open file. */
const comfortable = 10_000;

/** The files that an attempt may need: sockets for the DNS look-up, the connection, and others that are kept alive or still read. */
const filesPerAttempt = 5;

/** Files opened after the count and kept open: the event loop's own, listeners, some for the store and for name look-ups. */
const startedLater = 24;

/** The files of a worker thread, as counted on Linux: those of its event loop, and its listener. */
const filesPerWorker = 6;

/** The connections of a thread to a server of Redis: for commands, and for topics. */
const filesPerRedisServer = 2;

/** What the process opens files for, besides clients. */
export interface FileNeeds {
  /** The wanted number of concurrent delivery attempts. */
  readonly attempts: number;
  /** The number of worker threads; 0 if clients are connected to the only thread. */
  readonly workers: number;
  /** The number of servers of Redis that each thread connects to; 0 without Redis. */
  readonly redisServers: number;
}

/** The limit of open files, and how many are open. Undefined if unknown: only Linux provides it. */
export function readOpenFiles(
  read: () => string = () => readFileSync('/proc/self/limits', 'utf8'),
): OpenFiles | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(read())?.[1];
    return soft === undefined
      ? undefined
      : { limit: Number(soft), open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}

/** Reserves the files that threads and Redis need, and those for attempts, but at most a quarter of all files for these. */
export function shareFiles({ limit, open }: OpenFiles, needs: FileNeeds): FileShares {
  const { workers, redisServers } = needs;
  const later = startedLater + filesPerWorker * workers + filesPerRedisServer * redisServers * (workers + 1);
  const reserve = Math.min(filesPerAttempt * needs.attempts, Math.floor(limit / 4));
  const attempts = Math.max(1, Math.floor(reserve / filesPerAttempt));
  const clients = Math.max(1, limit - open - later - reserve);
  return { clients, metrics: clients + Math.floor(reserve / 8), attempts };
}

/** The warning for an operator whose limit of open files is low; undefined when it is not low, or unknown. */
export function warnOfOpenFileLimit(files: OpenFiles | undefined, needs: FileNeeds): string | undefined {
  if (files === undefined || files.limit >= comfortable) return undefined;
  const { clients, attempts } = shareFiles(files, needs);
  return `the limit of open files is ${files.limit}, and each connection is an open file: at most ${clients} clients are accepted and ${attempts} webhooks sent at a time; raise the limit before many clients connect (ulimit -n ${comfortable} or more)`;
}
