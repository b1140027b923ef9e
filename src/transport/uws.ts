import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { StartError } from '../ports/start-error.ts';
import { thisMachine, unmetNeed } from './native-needs.ts';
import { nativeFault } from './native.ts';

/** The native module, as far as it is used. */
export type Uws = Awaited<ReturnType<typeof importUws>>['default'];

const importUws = () => import('uWebSockets.js');

/**
 * The maximum size of a request head in the native parser, which reads this when it is loaded. Binaries for Node 22 and later would
 * refuse heads above 4 KB, less than the cookies of some browsers. Heads up to this size reach `http.ts`, whose limit is lower and
 * which explains a refusal.
 */
const nativeHeadLimit = { name: 'UWS_HTTP_MAX_HEADERS_SIZE', bytes: 32 * 1024 };

/** Whether the binary has already been checked: a process loads only one, however many servers it starts. */
let isTrusted = false;

/** Spares this thread the check, because the thread that started it has checked and loaded the binary. */
export function trustLoadedBinary(): void {
  isTrusted = true;
}

function faultOfOwn(): string | undefined {
  const fault = isTrusted ? undefined : nativeFault();
  isTrusted = fault === undefined;
  return fault;
}

/**
 * Loads the native module if its binary is trusted. Rejects with a StartError that states in one line why it is not trusted or
 * cannot be loaded, and what to do.
 */
export async function loadUws(
  load: () => Promise<{ readonly default: Uws }> = importUws,
  faultOfBinary = faultOfOwn,
  machine = thisMachine,
): Promise<Uws> {
  const fault = faultOfBinary();
  if (fault !== undefined) throw new StartError('ERR_UWS_CHECKSUM', fault);
  process.env[nativeHeadLimit.name] ??= String(nativeHeadLimit.bytes);
  try {
    return (await load()).default;
  } catch (error) {
    // Asked only now: another build than the pinned one may need less.
    const here = machine();
    const reason = unmetNeed(here) ?? `${lastLine(error)}. ${reinstall}`;
    throw new StartError(
      'ERR_UWS_LOAD',
      `the native library uWebSockets.js cannot be loaded on ${here.platform} ${here.arch} with Node ${here.node}: ${reason}`,
      error,
    );
  }
}

const reinstall =
  'Install the package again (npm ci): its binary for this system and version of Node is missing or damaged';

function lastLine(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error).split('\n');
  return lines.findLast((line) => line.trim()) ?? 'no reason given';
}

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Accepts no new connections. May be called repeatedly. */
  stop(): void;
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Whether others may also listen there and share the clients. All of them must set it. */
  readonly shared?: boolean;
}

/**
 * Listens, exclusively unless the address is shared. Otherwise two programs could listen on one port and share the clients.
 * Throws ERR_LISTEN when that is impossible; `hint` is added to the message.
 */
export function listen(
  uws: Uws,
  app: TemplatedApp,
  { host, port, shared = false }: ListenAddress,
  hint = 'Choose another port or host (on the command line --port, --host); port 0 takes any free one',
): Listening {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the declared types lack the form with both a host and options
  const listenAt = app.listen.bind(app) as unknown as (
    host: string,
    port: number,
    options: number,
    done: (socket: us_listen_socket | false) => void,
  ) => void;
  const exclusively = shared ? 0 : 1;
  let socket: us_listen_socket | false = false;
  // The callback runs in this turn.
  listenAt(host, port, exclusively, (opened) => {
    socket = opened;
  });
  return listeningOn(
    uws,
    socket,
    `cannot listen on ${host}:${port}: the port is taken, the address does not belong to this machine, the host name has no address, or the port needs more rights. ${hint}`,
  );
}

function listeningOn(uws: Uws, socket: us_listen_socket | false, fault: string): Listening {
  if (socket === false) throw new StartError('ERR_LISTEN', fault);
  let isOpen = true;
  return {
    port: uws.us_socket_local_port(socket),
    stop() {
      if (isOpen) uws.us_listen_socket_close(socket);
      isOpen = false;
    },
  };
}
