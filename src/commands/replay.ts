import { InvalidArgumentError, type Command } from 'commander';
import { readVariable, variables, type Env } from '../config/environment.ts';
import { EmulatorError } from '../emulator/emulator-error.ts';
import type { ReplayedDelivery } from '../emulator/record/replay-options.ts';
import type { RunRecord } from '../emulator/record/run-record.ts';
import { replayRecord } from '../emulator/replay.ts';
import { readApp, readEndpointUrl } from './app.ts';
import { collect, httpUrl, milliseconds } from './arguments.ts';
import { UsageError } from './command.ts';
import { headersOf } from './endpoint-input.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { describeUnreachable } from './http.ts';
import { printJson, printLine, printNote } from './print.ts';
import { excerpt, printable } from './printable.ts';
import { readJson } from './server-target.ts';

interface ReplayCommandOptions {
  readonly url?: URL;
  readonly key?: string;
  readonly secret?: string;
  readonly app?: string;
  readonly endpoint?: string;
  readonly speed?: number;
  readonly header?: readonly string[];
  readonly newIds?: boolean;
  readonly timeoutMs: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .description(
      'Sends the webhooks of a recorded run to a backend, with new signatures, each once and in order.',
    )
    .argument('<file>', 'the record: what record() or GET /control/record returned; - reads standard input')
    .option('-u, --url <url>', 'the endpoint of the backend (default: SOKETIFY_WEBHOOK_URL)', httpUrl)
    .option(
      '--secret <secret>',
      'the secret of the app (default: SOKETIFY_APP_SECRET or _FILE, else app-secret)',
    )
    .option('--key <key>', 'the key of the app (default: SOKETIFY_APP_KEY, else the recorded one)')
    .option('--app <id>', 'the app whose webhooks are sent, if the record has those of several')
    .option('--endpoint <id>', 'the endpoint whose webhooks are sent, if the record has those of several')
    .option(
      '--speed <number>',
      'keep the recorded pauses; 1 is the recorded pace (default: no pauses)',
      speed,
    )
    .option('--header <header>', 'a further header, as NAME: VALUE; can be repeated', collect)
    .option('--new-ids', 'give each webhook a new webhook-id, for a backend that has seen the recorded ones')
    .option('--timeout-ms <number>', 'how long the backend may take for each', milliseconds, 4000)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Each webhook is sent once, after the response to the previous one, even if that one failed. time_ms is the time of
sending. Webhooks that the recorded endpoint did not accept are sent as well.

  curl -s http://127.0.0.1:6001/control/record > run.json
  soketify-emulator replay run.json --url http://127.0.0.1:3000/webhooks/soketify --secret app-secret

Exit codes: 0 the backend responded to each with 2xx, 1 it did not, 2 wrong usage or no record.`,
    )
    .action(async (file: string, options: ReplayCommandOptions) => {
      process.exitCode = await replay(file, options, process.env);
    });
}

async function replay(file: string, options: ReplayCommandOptions, env: Env): Promise<ExitCode> {
  const { app, endpoint, speed: pace, newIds, timeoutMs, json = false } = options;
  const key = options.key ?? readVariable(env, variables.appKey);
  const replayed = replayRecord(readRecordFile(file), {
    url: readEndpointUrl(options, env).href,
    secret: readApp(options, env).secret,
    ...(key !== undefined && { key }),
    ...(app !== undefined && { app }),
    ...(endpoint !== undefined && { endpoint }),
    ...(pace !== undefined && { speed: pace }),
    ...(newIds !== undefined && { newIds }),
    headers: headersOf(options.header),
    timeoutMs,
    onAnswer: json ? printJson : printAnswer,
  });
  const answers = await replayed.catch((error: unknown) => {
    if (error instanceof EmulatorError && error.code === 'ERR_ARGUMENT_INVALID') {
      throw new UsageError(
        error.message
          .replace(/^replayRecord: /, '')
          .replace(/^record\b/, file)
          .replace(/^(?=(?:app|endpoint): )/, '--'),
        {
          cause: error,
        },
      );
    }
    throw error;
  });
  const failed = answers.filter(({ outcome }) => outcome !== 'success').length;
  if (!json) {
    if (answers.length === 0) printNote(`${file} has no webhooks`);
    else printLine(`${answers.length} webhooks sent: ${answers.length - failed} accepted, ${failed} not`);
  }
  return failed === 0 ? exitCode.done : exitCode.failed;
}

/** Reads a file as JSON. The replay checks whether it is a record. */
function readRecordFile(file: string): RunRecord {
  const isInput = file === '-';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the replay checks it
  return readJson(isInput ? process.stdin.fd : file, isInput ? 'standard input' : file) as RunRecord;
}

function printAnswer({ id, outcome, status, answer, error, body, elapsedMs }: ReplayedDelivery): void {
  const { events }: { readonly events: readonly { readonly name: string; readonly channel: string }[] } =
    JSON.parse(body);
  const [first] = events;
  const subject = first === undefined ? 'no events' : `${first.name} on ${first.channel}`;
  const more = events.length > 1 ? ` and ${events.length - 1} more` : '';
  const end =
    outcome === 'timeout'
      ? `no answer within ${elapsedMs} ms`
      : outcome === 'unreachable'
        ? describeUnreachable({ code: error ?? '' })
        : `${status} in ${elapsedMs} ms`;
  const excerptOfAnswer = outcome === 'refused' && answer !== undefined ? `: ${excerpt(answer)}` : '';
  printLine(printable(`${subject}${more} as ${id}: ${end}${excerptOfAnswer}`));
}

function speed(text: string): number {
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0, such as 1 for the recorded pace.');
}
