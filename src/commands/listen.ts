import { InvalidArgumentError, type Command } from 'commander';
import { codeOf } from '../config/files.ts';
import { isLoopback } from '../config/hosts.ts';
import { EmulatorError } from '../emulator/emulator-error.ts';
import { connectableHost } from '../protocol/connectable-host.ts';
import { openReceiver } from '../receiver/receiver.ts';
import type { Answer, Receiver, ReceiverOptions } from '../receiver/types.ts';
import { whenNpxEnds } from '../system/parent.ts';
import { readApp } from './app.ts';
import { count, httpUrl, milliseconds, port, urlPath, wholeNumber } from './arguments.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { Forwarder, type Forwarded } from './forward.ts';
import { Counter, createJsonPrinter, createPrinter } from './listen-printers.ts';

const defaultPort = 9000;

/** Each webhook is printed when it arrives; this many are kept to detect duplicates. */
const memory = 10_000;

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly forwardTo?: URL;
  readonly forwardTimeoutMs?: number;
  readonly status?: Answer['status'];
  readonly delay?: number;
  readonly times?: number;
  readonly maxAgeMs: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .description('Receives webhooks and prints each one, whether it is verified, and if not, why.')
    .option('--port <number>', 'the port to listen on; 0 picks a free port', port, defaultPort)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--path <path>', 'the only path that accepts webhooks (default: every path)', urlPath)
    .option(
      '--secret <secret>',
      'the secret of the app (default: SOKETIFY_APP_SECRET or _FILE, else app-secret)',
    )
    .option('--key <key>', 'the only X-Pusher-Key that is accepted (default: any)')
    .option(
      '--status <status>',
      'respond with this status, or hang, or reset (default: 200, or 401 if not verified)',
      status,
    )
    .option('--delay <ms>', 'how long to wait before responding', milliseconds)
    .option(
      '--times <number>',
      'apply --status and --delay this many times only, then respond normally',
      count,
    )
    .option(
      '--forward-to <url>',
      'forward each webhook unchanged to this URL, and respond with its response',
      httpUrl,
    )
    .option('--forward-timeout-ms <ms>', 'how long to wait for that response (default: 4000)', milliseconds)
    .option('--max-age-ms <ms>', 'how old a webhook may be', milliseconds, 300_000)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Ctrl-C prints a summary and the state after all webhooks: the occupied channels and their members.

  soketify-emulator listen --port 9000 --secret app-secret
  SOKETIFY_WEBHOOK_URL=http://127.0.0.1:9000/ soketify-emulator     (in another terminal)

To see how the server handles a failing endpoint:

  soketify-emulator listen --status 500 --times 3     fails three times; the server retries
  soketify-emulator listen --delay 5000               too slow: the server waits only 4 s
  soketify-emulator listen --status hang              never responds; "reset" resets the connection

To see what the server sends to your backend, forward it. Body and headers are unchanged, including the signature. If the
backend cannot be reached, the response is 502; if it is too slow, 504. The server then retries.

  soketify-emulator listen --forward-to http://127.0.0.1:3000/webhooks/soketify

Why a webhook may not be verified:

  missing signature   something on the way removes X-Pusher-Signature, or this is not a webhook
  wrong header        the signature is in another header; X-Pusher-Signature is expected
  not hex             64 lower-case hex digits are expected, not base64, without a prefix
  wrong secret        --secret differs from the secret that signed, or contains a line break
  reserialised        the JSON was parsed and serialized again on the way; verify the raw bytes
  missing key, unknown key     X-Pusher-Key differs from --key
  too old             time_ms is older than --max-age-ms: it was sent again, or the clocks differ
  malformed           the body is not {"time_ms": ..., "events": [...]}

Exit codes: 0 stopped by a signal, 1 could not listen, 2 wrong usage.`,
    )
    .action(async (options: ListenOptions) => {
      process.exitCode = await listen(options);
    });
}

async function listen(options: ListenOptions): Promise<ExitCode> {
  refuseContradictions(options);
  const printer = options.json === true ? createJsonPrinter() : createPrinter();
  const tally = new Counter();
  const { forwardTo, forwardTimeoutMs = 4000 } = options;
  const forwarder = forwardTo === undefined ? undefined : new Forwarder(forwardTo, forwardTimeoutMs);
  /** Keyed by the headers of the webhook, which are the same object throughout. */
  const forwardings = new WeakMap<object, Forwarded>();
  const respond: ReceiverOptions['respond'] =
    forwarder &&
    (async ({ headers }, original) => {
      const { forwarded, answer } = await forwarder.forward(original);
      forwardings.set(headers, forwarded);
      return answer;
    });
  let receiver: Receiver;
  try {
    receiver = await openReceiver(
      {
        ...secretsOf(options),
        host: options.host,
        port: options.port,
        ...(options.path !== undefined && { path: options.path }),
        maxAgeMs: options.maxAgeMs,
        memory,
        ...(respond && { respond }),
        onWebhook: (webhook) => {
          tally.count(webhook);
          printer.webhook(webhook, forwardings.get(webhook.headers));
        },
      },
      (request) => printer.other(request),
    );
  } catch (error) {
    process.stderr.write(`cannot listen on ${options.host}:${options.port}: ${describeListenError(error)}\n`);
    return exitCode.failed;
  }
  const { status: given, delay, times } = options;
  if (given !== undefined || delay !== undefined) {
    receiver.respondWith({
      ...(given !== undefined && { status: given }),
      ...(delay !== undefined && { delayMs: delay }),
      ...(times !== undefined && { times }),
    });
  }
  printer.start(receiver);
  await signalled();
  const state = receiver.state();
  forwarder?.close();
  await receiver.close();
  printer.end(tally, state);
  return exitCode.done;
}

/** Throws a UsageError if the options exclude each other. */
function refuseContradictions(options: ListenOptions): void {
  const { times, status: given, delay, forwardTo, forwardTimeoutMs } = options;
  if (times !== undefined && given === undefined && delay === undefined) {
    throw new UsageError('--times limits how often --status or --delay applies; give one of them too');
  }
  if (forwardTo === undefined) {
    if (forwardTimeoutMs === undefined) return;
    throw new UsageError('--forward-timeout-ms limits how long --forward-to waits; give that too');
  }
  if (given !== undefined || delay !== undefined) {
    throw new UsageError(
      '--forward-to responds with the response of the backend; leave out --status, --delay and --times',
    );
  }
  if (isOwnAddress(forwardTo, options)) {
    throw new UsageError(
      `--forward-to ${forwardTo.href} is the address of this command, which would receive its own requests; give the address of your backend`,
    );
  }
}

function secretsOf(options: ListenOptions) {
  const { secret } = readApp(options, process.env);
  return options.key === undefined ? { secret } : { secrets: { [options.key]: secret } };
}

function status(text: string): Answer['status'] {
  if (text === 'hang' || text === 'reset') return text;
  try {
    return wholeNumber(text, 200, 599);
  } catch {
    throw new InvalidArgumentError('Expected a number from 200 to 599, hang or reset.');
  }
}

/** Whether requests to this URL would arrive at the command itself. */
function isOwnAddress(
  { protocol, port: portText, hostname }: URL,
  { host, port: ownPort }: ListenOptions,
): boolean {
  const target = portText === '' ? (protocol === 'https:' ? 443 : 80) : Number(portText);
  if (target !== ownPort || ownPort === 0) return false;
  const name = hostname.replace(/^\[|\]$/g, '');
  if (name === host) return true;
  return isLoopback(name) && (isLoopback(host) || connectableHost(host) !== host);
}

function describeListenError(failure: unknown): string {
  // The error of the receiver addresses tests, not a command line.
  const error = failure instanceof EmulatorError && failure.cause !== undefined ? failure.cause : failure;
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return 'the port is in use (EADDRINUSE); use --port 0 for a free port';
  if (code === 'EADDRNOTAVAIL') return 'the address does not belong to this machine (EADDRNOTAVAIL)';
  if (code === 'EACCES') return 'this port requires privileges (EACCES); use a port from 1024 up';
  return error instanceof Error ? error.message : String(error);
}

/** Resolves when the program must end, or when its output is no longer read. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    // The handlers stay, because one press of Ctrl-C may send two signals, and a closed output cannot show the summary.
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
    process.stdout.on('error', () => resolve());
    whenNpxEnds(resolve);
  });
}
