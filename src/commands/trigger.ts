import type { Command } from 'commander';
import { signRequest } from '../auth/request-signature.ts';
import { readVariable, variables, type Env } from '../config/environment.ts';
import { defaultHost, defaultPort } from '../config/hosts.ts';
import { parseJson } from '../protocol/json-value.ts';
import { describeSyntax } from '../config/json-syntax.ts';
import { readApp, type AppOptions } from './app.ts';
import { collect, httpUrl, milliseconds, oneOf, port, readData } from './arguments.ts';
import { sendClientEvent, type ClientEventOutcome } from './client-event.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { ask, describeUnreachable, type RequestOutcome } from './http.ts';
import { printNote } from './print.ts';
import { excerpt, printable } from './printable.ts';
import { urlHost } from '../protocol/connectable-host.ts';
import { urlOfEnvironment } from './server-target.ts';

interface TriggerOptions extends AppOptions {
  readonly channel: readonly string[];
  readonly event: string;
  readonly data: string;
  readonly as: 'backend' | 'client';
  readonly userId?: string;
  readonly socketId?: string;
  readonly info?: string;
  readonly json?: boolean;
  readonly url?: URL;
  readonly host?: string;
  readonly port?: number;
  readonly timeoutMs: number;
}

export function define(command: Command): void {
  command
    .description(
      'Publishes an event on channels as a backend does, or sends a client event as a client does.',
    )
    .requiredOption('-c, --channel <name>', 'the channel; repeatable', collect)
    .requiredOption('-e, --event <name>', 'the name of the event')
    .option('-d, --data <text>', 'its data; @FILE reads a file, - reads standard input', '{}')
    .option(
      '--as <who>',
      'backend: publish by the HTTP API; client: connect, subscribe, send a client event, disconnect',
      oneOf(['backend', 'client']),
      'backend',
    )
    .option('--user-id <id>', 'with --as client: its user id on a presence channel (default: trigger)')
    .option('--socket-id <id>', 'the socket_id of a connection that must not receive it')
    .option('--info <attributes>', 'attributes to return: subscription_count,user_count')
    .option(
      '--url <url>',
      `the address of the server (default: --host and --port, else ${variables.url})`,
      httpUrl,
    )
    .option('--host <address>', `the host of the server (default: SOKETIFY_HOST, else ${defaultHost})`)
    .option('--port <number>', `the port of the server (default: SOKETIFY_PORT, else ${defaultPort})`, port)
    .option('--app-id <id>', 'the id of the app (default: SOKETIFY_APP_ID, else 1)')
    .option('--key <key>', 'the key of the app (default: SOKETIFY_APP_KEY, else app-key)')
    .option(
      '--secret <secret>',
      'the secret of the app (default: SOKETIFY_APP_SECRET or _FILE, else app-secret)',
    )
    .option('--timeout-ms <number>', 'how long to wait for the answer', milliseconds, 10_000)
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Clients receive the data unchanged; usually it is JSON.

  soketify-emulator trigger --channel news --event headline --data '{"text":"It works"}'
  soketify-emulator trigger -c room-1 -c room-2 -e tick --data @tick.json
  date | soketify-emulator trigger -c news -e time --data -
  soketify-emulator trigger -c presence-lobby -e hi --info user_count,subscription_count
  soketify-emulator trigger --as client -c presence-lobby -e client-typing -d '{"isTyping":true}' --user-id 42

Endpoints receive client_event and, unless other clients are on the channel, channel_occupied and channel_vacated; on a
presence channel also member_added and member_removed.

Exit codes: 0 published, 1 refused, or the server could not be reached, 2 wrong usage.`,
    )
    .action(async (options: TriggerOptions) => {
      process.exitCode = await trigger(options, process.env);
    });
}

async function trigger(options: TriggerOptions, env: Env): Promise<ExitCode> {
  return options.as === 'client' ? triggerAsClient(options, env) : triggerAsBackend(options, env);
}

async function triggerAsClient(options: TriggerOptions, env: Env): Promise<ExitCode> {
  const [channel = '', ...others] = options.channel;
  const { event, socketId, info, userId = 'trigger', timeoutMs } = options;
  if (others.length > 0)
    throw new UsageError('a client sends an event on one channel; got several --channel');
  if (socketId !== undefined || info !== undefined) {
    throw new UsageError('--socket-id and --info are for --as backend; leave them out');
  }
  if (!event.startsWith('client-')) {
    throw new UsageError(`client events are named client-...; did you mean --event client-${event}?`);
  }
  const app = readApp(options, env);
  const url = serverUrl(options, env);
  const data = dataOf(options);
  const outcome = await sendClientEvent({ url, pair: app, timeoutMs }, { channel, event, data, userId });
  if (outcome.kind !== 'sent') {
    process.stderr.write(`${describeClientFailure(outcome, url, { timeoutMs, key: app.key })}\n`);
    return exitCode.failed;
  }
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ channel, event, socket_id: outcome.socketId })}\n`);
  } else {
    process.stdout.write(`sent ${printable(event)} on ${printable(channel)} as client ${outcome.socketId}\n`);
  }
  return exitCode.done;
}

function describeClientFailure(
  outcome: Exclude<ClientEventOutcome, { kind: 'sent' }>,
  { origin }: URL,
  { timeoutMs, key }: { readonly timeoutMs: number; readonly key: string },
): string {
  switch (outcome.kind) {
    case 'refused': {
      const text = `the server refused ${printable(outcome.step)}: ${printable(outcome.message)}`;
      if (!outcome.isOfKey) return text;
      return `${text}\nThe key is ${printable(key)}: do --key and --secret match the server's configuration?`;
    }
    case 'timeout':
      return `no answer from ${origin} to ${printable(outcome.step)} within ${timeoutMs} ms; --timeout-ms gives it longer`;
    case 'unreachable':
      return `cannot connect to ${origin}: ${printable(describeUnreachable(outcome))}\nIs the server running, and is this its address?`;
  }
}

async function triggerAsBackend(options: TriggerOptions, env: Env): Promise<ExitCode> {
  if (options.userId !== undefined) throw new UsageError('--user-id is for --as client; leave it out');
  const app = readApp(options, env);
  const url = new URL(serverUrl(options, env));
  url.pathname = `${url.pathname.replace(/\/$/, '')}/apps/${encodeURIComponent(app.id)}/events`;
  const { channel: channels, event: name, socketId, info } = options;
  const data = dataOf(options);
  const body = Buffer.from(JSON.stringify({ name, channels, data, socket_id: socketId, info }));
  url.search = signRequest(app, { method: 'POST', path: url.pathname, body }, Date.now());
  const headers = { 'Content-Type': 'application/json' };
  const outcome = await ask({ url, headers, body, timeoutMs: options.timeoutMs });
  if (outcome.kind === 'answered' && outcome.status === 200) {
    if (options.json === true) {
      const answer: unknown = JSON.parse(outcome.text);
      process.stdout.write(`${JSON.stringify({ channels, event: name, answer })}\n`);
      return exitCode.done;
    }
    process.stdout.write(
      `published ${printable(name)} on ${printable(channels.join(', '))}: ${excerpt(outcome.text, 10_000)}\n`,
    );
    return exitCode.done;
  }
  process.stderr.write(`${describeFailure(outcome, url, app)}\n`);
  return exitCode.failed;
}

/** The data to publish. Data that is probably JSON with a mistake is published with a note, because any text is allowed. */
function dataOf(options: TriggerOptions): string {
  const data = readData(options.data);
  if (/^\s*[[{]/.test(data) && parseJson(data) === undefined) {
    printNote(`--data is ${describeSyntax(data)}; clients receive it as a text`);
  }
  return data;
}

/** The address of the server: from the command line, else from the environment, else the default address on this machine. */
function serverUrl({ url, host, port: portNumber }: TriggerOptions, env: Env): URL {
  const isGiven = host !== undefined || portNumber !== undefined;
  if (url !== undefined && isGiven) throw new UsageError('expected --url or --host and --port, got both');
  const named = url ?? (isGiven ? undefined : urlOfEnvironment(env));
  if (named !== undefined) return named;
  const name = host ?? readVariable(env, variables.host) ?? defaultHost;
  const number = portNumber ?? readVariable(env, variables.port) ?? defaultPort;
  const text = `http://${urlHost(name)}:${number}`;
  if (URL.canParse(text)) return new URL(text);
  throw new UsageError(
    `expected a host and a port, got ${JSON.stringify(name)} and ${JSON.stringify(number)}`,
  );
}

function describeFailure(
  outcome: RequestOutcome,
  { origin, port: portText, hostname }: URL,
  app: { readonly id: string; readonly key: string },
): string {
  switch (outcome.kind) {
    case 'timeout':
      return `no answer from ${origin} within ${outcome.elapsedMs} ms; --timeout-ms gives it longer`;
    case 'unreachable': {
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      const start = `soketify-emulator --host ${host} --port ${portText === '' ? '80' : portText}`;
      const hint = outcome.code === 'ECONNREFUSED' ? `\nIs the server running? Start it with: ${start}` : '';
      return `cannot reach ${origin}: ${describeUnreachable(outcome)}${hint}`;
    }
    case 'answered': {
      const text = `the server answered ${outcome.status}: ${excerpt(outcome.text, 2000)}`;
      // An unknown app and a wrong key have the same cause.
      return outcome.status === 401 || outcome.status === 404
        ? `${text}\nSigned for app ${printable(app.id)} with the key ${printable(app.key)}: do --app-id, --key and --secret match the server's configuration?`
        : text;
    }
  }
}
