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

/** Files opened after the count and kept open: the event loop's own, listeners, Redis. */
const startedLater = 24;

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

/** Reserves the files that `wantedAttempts` attempts need, but at most a quarter of all files. */
export function shareFiles({ limit, open }: OpenFiles, wantedAttempts: number): FileShares {
  const reserve = Math.min(filesPerAttempt * wantedAttempts, Math.floor(limit / 4));
  const attempts = Math.max(1, Math.floor(reserve / filesPerAttempt));
  const clients = Math.max(1, limit - open - startedLater - reserve);
  return { clients, metrics: clients + Math.floor(reserve / 8), attempts };
}

/** The warning for an operator whose limit of open files is low; undefined when it is not low, or unknown. */
export function warnOfOpenFileLimit(
  files: OpenFiles | undefined,
  wantedAttempts: number,
): string | undefined {
  if (files === undefined || files.limit >= comfortable) return undefined;
  const { clients, attempts } = shareFiles(files, wantedAttempts);
  return `the limit of open files is ${files.limit}, and each connection is an open file: at most ${clients} clients are accepted and ${attempts} webhooks sent at a time; raise the limit before many clients connect (ulimit -n ${comfortable} or more)`;
}
