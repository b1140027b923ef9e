import type { Command } from 'commander';
import { codeOf } from '../config/files.ts';
import { EmulatorError } from '../emulator/emulator-error.ts';
import { startReceiver } from '../receiver/receiver.ts';
import type { Answer, Receiver, ReceiverOptions } from '../receiver/types.ts';
import { whenNpxEnds } from '../system/parent.ts';
import { readApp } from './app.ts';
import { count, httpUrl, milliseconds, port, urlPath, wholeNumber } from './arguments.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { Forwarder, type Forwarded } from './forward.ts';
import { Counter, createJsonPrinter, createPrinter } from './listen-printers.ts';

const defaultPort = 9000;

/** Of each webhook its line is written; no more are kept than tell duplicates. */
const memory = 10_000;

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly forwardTo?: URL;
  readonly forwardTimeoutMs: number;
  readonly status?: Answer['status'];
  readonly delay?: number;
  readonly times?: number;
  readonly maxAgeMs: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .description('Receives webhooks and prints each: verified or not, and why not.')
    .option('--port <number>', 'the port to listen on; 0 takes any free one', port, defaultPort)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--path <path>', 'the only path that takes webhooks (default: every one does)', urlPath)
    .option('--secret <secret>', 'default: SOKETIFY_APP_SECRET or _FILE, else app-secret')
    .option('--key <key>', 'the only X-Pusher-Key that is taken (default: any)')
    .option(
      '--status <status>',
      'answer this status, or hang, or reset (default: 200, 401 unverified)',
      status,
    )
    .option('--delay <ms>', 'wait so long before answering', milliseconds)
    .option('--times <number>', 'do so this many times only, then as a good endpoint', count)
    .option(
      '--forward-to <url>',
      'forward each webhook unchanged to this URL, and answer with its answer',
      httpUrl,
    )
    .option('--forward-timeout-ms <ms>', 'how long to wait for that answer', milliseconds, 4000)
    .option('--max-age-ms <ms>', 'how old a webhook may be', milliseconds, 300_000)
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Ctrl-C ends with a summary and the state that the webhooks told: replayed, they say who is there.

  soketify-emulator listen --port 9000 --secret app-secret
  SOKETIFY_WEBHOOK_URL=http://127.0.0.1:9000/ soketify-emulator     (in another terminal)

A bad endpoint, to see what the server makes of it:

  soketify-emulator listen --status 500 --times 3     fails three times; the retries come
  soketify-emulator listen --delay 5000               too slow: the server waits for 4 s
  soketify-emulator listen --status hang              never answers; "reset" breaks the connection

To see what passes between the server and your backend, forward it. Body and headers stay the same, signature included. If the
backend cannot be reached the answer is 502, if it is too slow 504, so that the server retries.

  soketify-emulator listen --forward-to http://127.0.0.1:3000/webhooks/soketify

Not verified, and what to do:

  missing signature   something between drops X-Pusher-Signature, or it is no webhook
  wrong header        the signature came under another name; X-Pusher-Signature is the one
  not hex             64 lower-case hex digits are expected, no base64 and no prefix
  wrong secret        --secret is not the one that signed, or a line break was read with it
  reserialised        the JSON was parsed and written anew on its way; verify the raw bytes
  missing key, unknown key     X-Pusher-Key is not the one of --key
  too old             time_ms is older than --max-age-ms: sent again, or clocks that differ
  malformed           the body is not {"time_ms": ..., "events": [...]}

Exit codes: 0 ended by a signal, 1 could not listen, 2 wrong usage.`,
    )
    .action(async (options: ListenOptions) => {
      process.exitCode = await listen(options);
    });
}

async function listen(options: ListenOptions): Promise<ExitCode> {
  if (options.times !== undefined && options.status === undefined && options.delay === undefined) {
    throw new UsageError(
      '--times says how often --status or --delay is followed; expected one of both beside it',
    );
  }
  if (options.forwardTo !== undefined && (options.status !== undefined || options.delay !== undefined)) {
    throw new UsageError(
      '--forward-to answers with the answer of the backend; use it without --status, --delay and --times',
    );
  }
  const printer = options.json === true ? createJsonPrinter() : createPrinter();
  const tally = new Counter();
  const { forwardTo, forwardTimeoutMs } = options;
  const forwarder = forwardTo === undefined ? undefined : new Forwarder(forwardTo, forwardTimeoutMs);
  /** By the headers of the webhook, which are the same object all the way. */
  const passedOn = new WeakMap<object, Forwarded>();
  const respond: ReceiverOptions['respond'] =
    forwarder &&
    (async ({ headers }, original) => {
      const { forwarded, answer } = await forwarder.forward(original);
      passedOn.set(headers, forwarded);
      return answer;
    });
  let receiver: Receiver;
  try {
    receiver = await startReceiver({
      ...secretsOf(options),
      host: options.host,
      port: options.port,
      ...(options.path !== undefined && { path: options.path }),
      maxAgeMs: options.maxAgeMs,
      memory,
      ...(respond && { respond }),
      onWebhook: (webhook) => {
        tally.count(webhook);
        printer.webhook(webhook, passedOn.get(webhook.headers));
      },
    });
  } catch (error) {
    process.stderr.write(`cannot listen on ${options.host}:${options.port}: ${describeListenError(error)}\n`);
    return exitCode.failed;
  }
  const { status: told, delay, times } = options;
  if (told !== undefined || delay !== undefined) {
    receiver.respondWith({
      ...(told !== undefined && { status: told }),
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

function secretsOf(options: ListenOptions) {
  const { secret } = readApp(options, process.env);
  return options.key === undefined ? { secret } : { secrets: { [options.key]: secret } };
}

function status(text: string): Answer['status'] {
  return text === 'hang' || text === 'reset' ? text : wholeNumber(text, 200, 599);
}

function describeListenError(failure: unknown): string {
  // The receiver's own error says what it is to a test.
  const error = failure instanceof EmulatorError && failure.cause !== undefined ? failure.cause : failure;
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return 'the port is taken (EADDRINUSE); --port 0 takes a free one';
  if (code === 'EACCES')
    return 'the port needs rights that you have not (EACCES); ports from 1024 on need none';
  return error instanceof Error ? error.message : String(error);
}

/** Resolves when the program is to end, or when nobody reads any more what it writes. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    // They stay: one press of Ctrl-C may come twice, and whoever does not read now will not read the summary.
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
    process.stdout.on('error', () => resolve());
    whenNpxEnds(resolve);
  });
}
