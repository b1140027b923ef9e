import { readdirSync, readFileSync } from 'node:fs';

/** The files of this process: connections are files, too. */
export interface OpenFiles {
  /** The most that may be open. */
  readonly limit: number;
  /** Those that are open now. */
  readonly open: number;
}

/** How they are shared out, so that clients cannot take what webhooks and Redis need. */
export interface FileShares {
  /** With so many connections no more clients are accepted. */
  readonly clients: number;
  /** With so many connections nobody is accepted any more who wants to read metrics on a port of their own. */
  readonly metrics: number;
  /** The most attempts to deliver that are under way at once. */
  readonly attempts: number;
}

/** Below this many open files a busy day ends in refused connections: each connection is one. */
const comfortable = 10_000;

/** What an attempt may need: sockets to look a name up, one to connect, and others that are kept or still read. */
const filesPerAttempt = 5;

/** What is opened after the files were counted, and stays: the event loop's own, listeners, Redis. */
const startedLater = 24;

/** The limit of open files, and how many are open; undefined where the system does not tell, which only Linux does. */
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

/** Keeps what so many attempts need out of the reach of clients, or a quarter of all files where that is not so many. */
export function shareFiles({ limit, open }: OpenFiles, wantedAttempts: number): FileShares {
  const reserve = Math.min(filesPerAttempt * wantedAttempts, Math.floor(limit / 4));
  const attempts = Math.max(1, Math.floor(reserve / filesPerAttempt));
  const clients = Math.max(1, limit - open - startedLater - reserve);
  return { clients, metrics: clients + Math.floor(reserve / 8), attempts };
}

/** What to tell an operator whose limit of open files is low; undefined when it is not, or not known. */
export function warnOfOpenFileLimit(
  files: OpenFiles | undefined,
  wantedAttempts: number,
): string | undefined {
  if (files === undefined || files.limit >= comfortable) return undefined;
  const { clients, attempts } = shareFiles(files, wantedAttempts);
  return `the limit of open files is ${files.limit}, and each connection is one: at most ${clients} clients are accepted and ${attempts} webhooks sent at a time; raise it before many clients come (ulimit -n ${comfortable} or more)`;
}
