import type { Command } from 'commander';
import { createSender } from '../delivery/sender.ts';
import type { Outcome, Post } from '../ports/webhook-sender.ts';
import { systemClock } from '../system/clock.ts';
import { createRandomIds } from '../system/ids.ts';
import { encodeEvent, eventNames } from '../webhooks/event.ts';
import { createPayload, attemptHeaders } from '../webhooks/payload.ts';
import type { Env } from '../config/environment.ts';
import { readApp, readEndpointUrl, type AppOptions } from './app.ts';
import { count, httpUrl, milliseconds, moment, oneOf, readData, wholeNumber } from './arguments.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { describeUnreachable } from './http.ts';
import { excerpt, printable } from './printable.ts';
import { createEvent, type EventOptions } from './webhook-event.ts';

interface SendOptions extends AppOptions, EventOptions {
  readonly url?: URL;
  readonly timeMs?: number;
  readonly id?: string;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly dryRun?: boolean;
}

export function define(command: Command): void {
  command
    .description('Sends one signed webhook to an endpoint under test, as if the event had happened.')
    .requiredOption('-e, --event <name>', eventNames.join(', '), oneOf(eventNames))
    .requiredOption('-c, --channel <name>', 'the channel it happened on')
    .option(
      '--user-id <id>',
      'the user of member_added, member_removed, or client_event on a presence channel',
    )
    .option('--event-name <name>', 'client_event: the name, client-...')
    .option('-d, --data <text>', 'client_event: the data; @FILE reads a file, - reads standard input')
    .option('--socket-id <id>', 'client_event: the connection that sent it, such as 123.456')
    .option('--count <number>', 'subscription_count: the number of subscribers', (text) =>
      wholeNumber(text, 0, 1_000_000_000),
    )
    .option('-u, --url <url>', 'the endpoint (default: SOKETIFY_WEBHOOK_URL)', httpUrl)
    .option('--key <key>', 'the key of the app (default: SOKETIFY_APP_KEY, else app-key)')
    .option(
      '--secret <secret>',
      'the secret of the app (default: SOKETIFY_APP_SECRET or _FILE, else app-secret)',
    )
    .option('--time-ms <number>', 'when it was created, in milliseconds since 1970 (default: now)', moment)
    .option('--id <id>', 'the webhook-id (default: a new one); reuse an id to send a duplicate')
    .option('--attempt <number>', 'X-Soketify-Attempt', count, 1)
    .option('--timeout-ms <number>', 'how long the endpoint may take to respond', milliseconds, 4000)
    .option('--dry-run', 'print the request and an equivalent curl command instead of sending it')
    .addHelpText(
      'after',
      `
  soketify-emulator send-webhook --event member_added --channel presence-a --user-id 42 --url http://127.0.0.1:3000/webhooks/soketify
  soketify-emulator send-webhook -e client_event -c private-chat --event-name client-typing --data '{"isTyping":true}' \\
    --socket-id 123.456 -u http://127.0.0.1:3000/webhooks/soketify

Worth trying on an endpoint: --secret wrong (is it refused?), the same --id twice (does it count once?),
--time-ms 0 (is it refused as too old?).

Exit codes: 0 answered 2xx, 1 answered otherwise or not at all, 2 wrong usage.`,
    )
    .action(async (options: SendOptions) => {
      process.exitCode = await sendWebhook(options, process.env);
    });
}

async function sendWebhook(options: SendOptions, env: Env): Promise<ExitCode> {
  const { attempt, timeoutMs, timeMs = Date.now(), id = createRandomIds().webhookId() } = options;
  const data = options.data === undefined ? {} : { data: readData(options.data) };
  const event = createEvent({ ...options, ...data });
  const app = readApp(options, env);
  const url = readEndpointUrl(options, env);
  const payload = createPayload({ id, timeMs, events: [encodeEvent(event)] });
  const which = { attempt, atMs: timeMs };
  const headers = attemptHeaders(app, { headers: {}, standardSignature: true }, payload, which);
  if (options.dryRun === true) {
    process.stdout.write(describeRequest(url, headers, Buffer.from(payload.body).toString()));
    return exitCode.done;
  }
  const { outcome, elapsedMs } = await send({ url: url.href, headers, body: payload.body }, timeoutMs);
  const isTaken = outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
  const head = `${event.name} on ${event.channel} as ${printable(id)}: `;
  const stream = isTaken ? process.stdout : process.stderr;
  stream.write(`${head}${describeOutcome(outcome, elapsedMs, url)}\n`);
  return isTaken ? exitCode.done : exitCode.failed;
}

/** Sends with the code of the server, so that the outcome is judged in the same way. */
async function send(post: Post, timeoutMs: number): Promise<{ outcome: Outcome; elapsedMs: number }> {
  const sender = createSender({ clock: systemClock, keepsConnections: false });
  const startedAt = systemClock.now();
  const outcome = await sender.send(post, timeoutMs);
  const elapsedMs = Math.round(systemClock.now() - startedAt);
  await sender.close();
  return { outcome, elapsedMs };
}

function describeOutcome(outcome: Outcome, elapsedMs: number, url: URL): string {
  switch (outcome.kind) {
    case 'timeout':
      return `no answer within ${elapsedMs} ms; a server waits for webhooks.requestTimeoutMs (default: 4000), then retries`;
    case 'unreachable':
      return `cannot reach ${url.origin}: ${describeUnreachable(outcome)}`;
    case 'answered': {
      const { status, body = '' } = outcome;
      const answer = body.trim() === '' ? '' : `: ${excerpt(body)}`;
      const hint = hintFor(outcome);
      return `${status} in ${elapsedMs} ms${answer}${hint === undefined ? '' : `\n${hint}`}`;
    }
  }
}

function hintFor({ status, location }: Outcome & { readonly kind: 'answered' }): string | undefined {
  if (status === 401 || status === 403) {
    return 'Does the endpoint use the secret given by --secret? Does it verify the raw bytes, before any JSON parser?';
  }
  if (status === 404) return 'Is the path right?';
  if (status >= 300 && status < 400) {
    return `Redirects are not followed${location === undefined ? '' : `: send to ${printable(location)}`}.`;
  }
  return undefined;
}

function describeRequest(url: URL, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const curl = [
    `curl -i ${shellQuote(url.href)}`,
    ...lines.map((line) => `-H ${shellQuote(line)}`),
    `--data-binary ${shellQuote(body)}`,
  ].join(' \\\n  ');
  return `POST ${url.href}\n${lines.join('\n')}\n\n${body}\n\n${curl}\n`;
}

/** Quotes a word for a POSIX shell. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
