import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { formatFaults } from '../config/report.ts';
import type { Config } from '../config/schema.ts';
import { milliseconds } from './arguments.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { printable } from './printable.ts';

/** Which server is meant, as its own command line said. */
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
    .description('Asks a server on this machine whether it is healthy, for container runtimes and scripts.')
    .option('-c, --config <file>', 'the configuration of that server')
    .option('--host <address>', 'the address that it listens on, where its command line says so')
    .option('--port <number>', 'the port, likewise')
    .option('--of <pid>', 'instead: take these from the command line of the process with this id (Linux)')
    .option('--timeout <ms>', 'how long it may take to answer', milliseconds, 3000)
    .addHelpText(
      'after',
      `
Host, port, path and TLS are those of the configuration and the environment, as when the server starts. It is asked
on this machine, so its certificate is not verified. A server that is degraded is healthy: it serves its clients.

  soketify-emulator health --config config/production.json

Exit codes: 0 healthy, 1 not healthy or no answer, 2 the configuration is faulty.`,
    )
    .action(async ({ of, timeout, ...given }: HealthOptions) => {
      const { config: file, host, port } = of === undefined ? given : readCommandLine(of);
      const loaded = loadConfig({ file, env: process.env, overrides: { host, port } });
      if (loaded.kind === 'ok') process.exitCode = await ask(loaded.config, timeout);
      else {
        process.stderr.write(`${formatFaults(loaded.faults)}\n`);
        process.exitCode = exitCode.badConfiguration;
      }
    });
}

/** What the server with this process id was started with. Relative paths are taken from here. */
function readCommandLine(pid: string): Meant {
  if (!/^[1-9]\d*$/.test(pid)) throw new UsageError(`--of ${pid}: expected the id of a process`);
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    throw new UsageError(`--of ${pid}: there is no such process here, or no /proc`, { cause: error });
  }
  const server = new Command()
    .option('-c, --config <file>')
    .option('--host <address>')
    .option('--port <number>')
    .allowUnknownOption();
  server.parseOptions(line.split('\0').filter((argument) => argument !== ''));
  return server.opts<Meant>();
}

/** Says on standard output what the server says of itself. */
async function ask({ host, port, path, tls }: Config, timeoutMs: number): Promise<ExitCode> {
  if (port === 0) throw new UsageError('port 0 is any free one: say with --port which the server has taken');
  const url = `${tls === undefined ? 'http' : 'https'}://${reachable(host)}:${port}${path}/healthz`;
  try {
    const { status, text } = await get(url, timeoutMs);
    process.stdout.write(`${status} ${printable(text)}\n`);
    return status === 200 ? exitCode.done : exitCode.failed;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`no answer from ${url}: ${reason}\n`);
    return exitCode.failed;
  }
}

/** "All addresses" is none that could be asked. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function get(url: string, timeoutMs: number): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, signal: AbortSignal.timeout(timeoutMs) };
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: false })
      : requestHttp(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end();
  });
}
