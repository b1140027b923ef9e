import { readFileSync, readlinkSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { Command } from 'commander';
import { defaultHost, defaultPort } from '../config/hosts.ts';
import { layer } from '../config/layers.ts';
import { milliseconds } from './arguments.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { ask, describeUnreachable } from './http.ts';
import { printable } from './printable.ts';
import { isConfigFile } from './program.ts';
import { urlHost } from '../protocol/connectable-host.ts';
import { readConfiguration } from './server-target.ts';

/** The options of the server's own command line that determine its address. */
interface Meant {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
}

interface HealthOptions extends Meant {
  readonly of?: string;
  readonly timeout: number;
}

export function define(command: Command): void {
  command
    .description('Checks whether a server on this machine is healthy, for container runtimes and scripts.')
    .option('-c, --config <file>', 'the configuration of that server')
    .option('--host <address>', 'the address that it listens on, if its command line sets one')
    .option('--port <number>', 'the port that it listens on, if its command line sets one')
    .option('--of <pid>', 'take these from the command line of the process with this id instead (Linux)')
    .option('--timeout <ms>', 'how long to wait for an answer', milliseconds, 3000)
    .addHelpText(
      'after',
      `
As when the server starts, host, port and TLS come from the command line, the environment and the file. Other keys of
the file are ignored. The request does not leave this machine, so the certificate is not verified. A degraded server
counts as healthy, because it serves its clients.

  soketify-emulator health --config config/production.json

Exit codes: 0 healthy, 1 not healthy, or no answer, 2 wrong usage, or a file that cannot be read.`,
    )
    .action(async ({ of, timeout, ...given }: HealthOptions) => {
      const url = urlOf(of === undefined ? given : readCommandLine(of));
      process.exitCode = await printHealth(url, timeout);
    });
}

/** Returns the options that the server with this process id was started with. */
function readCommandLine(pid: string): Meant {
  if (!/^[1-9]\d*$/.test(pid)) throw new UsageError(`--of ${pid}: expected the id of a process`);
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    throw new UsageError(`--of ${pid}: there is no such process that can be read`, { cause: error });
  }
  const server = new Command()
    .option('-c, --config <file>')
    .option('--host <address>')
    .option('--port <number>')
    .allowUnknownOption();
  // `--` precedes the program if something else, such as an init, starts it.
  const { operands } = server.parseOptions(
    line.split('\0').filter((argument) => argument !== '' && argument !== '--'),
  );
  const config = operands.find(isConfigFile);
  const meant = { ...(config !== undefined && { config }), ...server.opts<Meant>() };
  return meant.config === undefined ? meant : { ...meant, config: resolvePath(folderOf(pid), meant.config) };
}

/** Returns the working directory of a process; that of this process if it is unknown. */
function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '.';
  }
}

/** Returns the URL of the health check. Other faults of the file do not matter, because the running server does not use it. */
function urlOf({ config: file, host: givenHost, port: givenPort }: Meant): string {
  const content = file === undefined ? undefined : readConfiguration(file);
  const { input } = layer(content, process.env, { host: givenHost, port: givenPort });
  const { host = defaultHost, port = defaultPort, tls } = input;
  if (typeof host !== 'string') throw new UsageError('host: expected an address');
  if (port === 0) throw new UsageError('port 0 means any free port; give the port of the server with --port');
  if (typeof port !== 'number') throw new UsageError(`port: expected a number, got '${String(port)}'`);
  return `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${port}/healthz`;
}

/** Prints the response of the server. */
async function printHealth(url: string, timeoutMs: number): Promise<ExitCode> {
  const outcome = await ask({
    method: 'GET',
    url: new URL(url),
    headers: {},
    verifiesCertificate: false,
    timeoutMs,
  });
  if (outcome.kind === 'answered') {
    process.stdout.write(`${outcome.status} ${printable(outcome.text)}\n`);
    return outcome.status === 200 ? exitCode.done : exitCode.failed;
  }
  const reason =
    outcome.kind === 'timeout' ? `nothing within ${outcome.elapsedMs} ms` : describeUnreachable(outcome);
  process.stderr.write(`no answer from ${url}: ${reason}\n`);
  return exitCode.failed;
}
