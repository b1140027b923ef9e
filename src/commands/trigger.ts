import type { Command } from 'commander';
import { signRequest } from '../auth/request-signature.ts';
import { readVariable, variables, type Env } from '../config/environment.ts';
import { defaultHost, defaultPort } from '../config/hosts.ts';
import { readApp, type AppOptions } from './app.ts';
import { collect, httpUrl, milliseconds, port, readData } from './arguments.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { describeUnreachable, post, type PostOutcome } from './post.ts';
import { excerpt, printable } from './printable.ts';

interface TriggerOptions extends AppOptions {
  readonly channel: readonly string[];
  readonly event: string;
  readonly data: string;
  readonly socketId?: string;
  readonly info?: string;
  readonly url?: URL;
  readonly host?: string;
  readonly port?: number;
  readonly timeoutMs: number;
}

export function define(command: Command): void {
  command
    .description('Publishes an event on channels, signed, as a backend does with the HTTP API.')
    .requiredOption('-c, --channel <name>', 'the channel; give it again for more of them', collect)
    .requiredOption('-e, --event <name>', 'the name of the event')
    .option('-d, --data <text>', 'its data; @FILE takes it from a file, - from standard input', '{}')
    .option('--socket-id <id>', 'the connection that shall not receive it')
    .option('--info <attributes>', 'what the answer shall tell: subscription_count,user_count')
    .option(
      '--url <url>',
      'where the server is, its path included (default: from --host and --port)',
      httpUrl,
    )
    .option('--host <address>', `default: SOKETIFY_HOST, else ${defaultHost}`)
    .option('--port <number>', `default: SOKETIFY_PORT, else ${defaultPort}`, port)
    .option('--app-id <id>', 'default: SOKETIFY_APP_ID, else 1')
    .option('--key <key>', 'default: SOKETIFY_APP_KEY, else app-key')
    .option('--secret <secret>', 'default: SOKETIFY_APP_SECRET or _FILE, else app-secret')
    .option('--timeout-ms <number>', 'how long to wait for the answer', milliseconds, 10_000)
    .addHelpText(
      'after',
      `
Data is handed to clients as it is; mostly it is JSON.

  soketify-emulator trigger --channel news --event headline --data '{"text":"It works"}'
  soketify-emulator trigger -c room-1 -c room-2 -e tick --data @tick.json
  date | soketify-emulator trigger -c news -e time --data -
  soketify-emulator trigger -c presence-lobby -e hi --info user_count,subscription_count

Exit codes: 0 published, 1 refused or not reached, 2 wrong usage.`,
    )
    .action(async (options: TriggerOptions) => {
      process.exitCode = await trigger(options, process.env);
    });
}

async function trigger(options: TriggerOptions, env: Env): Promise<ExitCode> {
  const app = readApp(options, env);
  const url = new URL(serverUrl(options, env));
  url.pathname = `${url.pathname.replace(/\/$/, '')}/apps/${encodeURIComponent(app.id)}/events`;
  const { channel: channels, event: name, socketId, info } = options;
  const data = readData(options.data);
  const body = Buffer.from(JSON.stringify({ name, channels, data, socket_id: socketId, info }));
  url.search = signRequest(app, { method: 'POST', path: url.pathname, body }, Date.now());
  const headers = { 'Content-Type': 'application/json' };
  const outcome = await post({ url, headers, body, timeoutMs: options.timeoutMs });
  if (outcome.kind === 'answered' && outcome.status === 200) {
    process.stdout.write(
      `published ${printable(name)} on ${printable(channels.join(', '))}: ${excerpt(outcome.text, 10_000)}\n`,
    );
    return exitCode.done;
  }
  process.stderr.write(`${describeFailure(outcome, url, app)}\n`);
  return exitCode.failed;
}

function serverUrl({ url, host, port: portNumber }: TriggerOptions, env: Env): URL {
  if (url !== undefined) {
    if (host === undefined && portNumber === undefined) return url;
    throw new UsageError('expected --url or --host and --port, got both');
  }
  const name = host ?? readVariable(env, variables.host) ?? defaultHost;
  // "All addresses" is where a server listens, not where it is reached.
  const reachable = name === '0.0.0.0' || name === '::' ? defaultHost : name;
  const number = portNumber ?? readVariable(env, variables.port) ?? defaultPort;
  const text = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${number}`;
  if (URL.canParse(text)) return new URL(text);
  throw new UsageError(
    `expected a host and a port, got ${JSON.stringify(name)} and ${JSON.stringify(number)}`,
  );
}

function describeFailure(
  outcome: PostOutcome,
  { origin, port: portText, hostname }: URL,
  app: { readonly id: string; readonly key: string },
): string {
  switch (outcome.kind) {
    case 'timeout':
      return `no answer from ${origin} within ${outcome.elapsedMs} ms`;
    case 'unreachable': {
      const start = `soketify-emulator --host ${hostname} --port ${portText === '' ? '80' : portText}`;
      const hint = outcome.code === 'ECONNREFUSED' ? `\nIs the server running? Start it with: ${start}` : '';
      return `cannot reach ${origin}: ${describeUnreachable(outcome)}${hint}`;
    }
    case 'answered': {
      const told = `the server answered ${outcome.status}: ${excerpt(outcome.text, 2000)}`;
      return outcome.status === 401
        ? `${told}\nSigned for app ${printable(app.id)} with the key ${printable(app.key)}: do --app-id, --key and --secret match the server's configuration?`
        : told;
    }
  }
}
