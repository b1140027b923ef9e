import { Command } from 'commander';
import { nearest } from '../config/checks/nearest.ts';
import { UsageError, type Subcommand } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { ServeOptions } from './serve.ts';

/** A subcommand by its name. Its code is loaded only to run it or show its help, so that the server starts without it. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Subcommand>;
}

const running = 'A running server:';
const webhooks = 'Webhooks and events:';
const configuration = 'Configuration:';
const installation = 'Installation:';

const groups: Readonly<Record<string, readonly Entry[]>> = {
  [running]: [
    {
      name: 'status',
      summary: 'show connections, rates, health, apps and endpoints',
      load: () => import('./status.ts'),
    },
    { name: 'tail', summary: 'show events and deliveries live', load: () => import('./tail.ts') },
    { name: 'channels', summary: 'list occupied channels, or show one', load: () => import('./channels.ts') },
    {
      name: 'deliveries',
      summary: 'list requests to endpoints, or show one',
      load: () => import('./deliveries.ts'),
    },
    { name: 'dropped', summary: 'list dropped deliveries', load: () => import('./dropped.ts') },
    { name: 'resend', summary: 'send deliveries again', load: () => import('./resend.ts') },
    {
      name: 'recover',
      summary: 'resend all dropped deliveries of an endpoint',
      load: () => import('./recover.ts'),
    },
    {
      name: 'endpoints',
      summary: 'list, add, edit, pause, resume and remove endpoints',
      load: () => import('./endpoints.ts'),
    },
    { name: 'health', summary: 'check its health', load: () => import('./health.ts') },
  ],
  [webhooks]: [
    {
      name: 'listen',
      summary: 'receive webhooks, verify and print them, forward them',
      load: () => import('./listen.ts'),
    },
    { name: 'trigger', summary: 'publish an event on channels', load: () => import('./trigger.ts') },
    {
      name: 'send-webhook',
      summary: 'send a signed webhook to an endpoint',
      load: () => import('./send-webhook.ts'),
    },
    {
      name: 'replay',
      summary: 'send the webhooks of a record to a backend',
      load: () => import('./replay.ts'),
    },
  ],
  [configuration]: [
    {
      name: 'check-config',
      summary: 'print the effective configuration',
      load: () => import('./check-config.ts'),
    },
    {
      name: 'import-soketi',
      summary: 'convert a soketi configuration',
      load: () => import('./import-soketi.ts'),
    },
  ],
  [installation]: [
    {
      name: 'prune',
      summary: 'remove native binaries for other systems and versions of Node',
      load: () => import('./prune.ts'),
    },
  ],
};

const names = Object.values(groups).flatMap((entries) => entries.map(({ name }) => name));

/** What the program needs. */
export interface ProgramParts {
  readonly version: string;
  /** Starts the server. */
  readonly serve: (options: ServeOptions) => Promise<void>;
  /** Whether to load a subcommand, by its name. */
  readonly isNeeded: (name: string) => boolean;
}

/** The command line: without a command it starts the server. */
export async function createProgram({ version, serve, isNeeded }: ProgramParts): Promise<Command> {
  const program = new Command('soketify-emulator')
    .description('A server for the Pusher Channels protocol (WebSocket and HTTP API) with reliable webhooks.')
    .usage('[options] [file | command]')
    .version(version)
    .option('-c, --config <file>', 'the configuration, a JSON file (its schema: config/schema.json)')
    .option('--host <address>', 'the address to listen on, instead of the configured one')
    .option('--port <number>', 'the port to listen on, instead of the configured one; 0 picks a free port')
    .option(
      '--store <folder>',
      'keep the state and pending webhooks of a single node on disk, so that a crash does not lose them',
    )
    .option('--workers <number>', 'the number of threads that serve clients, or auto for one per processor')
    .option('-w, --watch', 'reload the configuration when its files change')
    .option(
      '--control [clock]',
      'serve the control API for tests at /control (clock, faults, records); with virtual, time stands still until a test moves it (default: real)',
    )
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText(
      'after',
      `
Without a command, the server starts. COMMAND --help explains a command. Without a configuration, the server serves one
app on 127.0.0.1:6001: id 1, key app-key, secret app-secret. To try it, run each of these in its own terminal:

  soketify-emulator listen --port 9000
  SOKETIFY_WEBHOOK_URL=http://127.0.0.1:9000/ soketify-emulator
  soketify-emulator trigger --channel news --event headline --data '{"text":"It works"}'
  soketify-emulator tail

Environment: SOKETIFY_APP_ID, SOKETIFY_APP_KEY, SOKETIFY_APP_SECRET, SOKETIFY_WEBHOOK_URL, SOKETIFY_HOST,
SOKETIFY_APP_SECRET_FILE, SOKETIFY_PORT, SOKETIFY_REDIS_URL, SOKETIFY_STORE, SOKETIFY_WORKERS, SOKETIFY_CONTROL_TOKEN,
SOKETIFY_DASHBOARD_TOKEN, SOKETIFY_LOG_LEVEL; each overrides the file. SOKETIFY_NATIVE_SHA256 trusts another build
of the native library. NODE_ENV=production requires HTTPS endpoints. SOKETIFY_URL is the server of the other commands.

SIGHUP reloads apps, endpoints, limits and certificates without dropping a connection.

Exit codes: 0 stopped by a signal (or by a second one), 1 could not start or failed, 2 wrong configuration or usage.`,
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCode.done : exitCode.badConfiguration))
    .argument('[file]', 'the same as --config')
    .action((file: string | undefined, options: ServeOptions) => serve(withConfig(options, file)));
  for (const [heading, entries] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const { name, summary, load } of entries) {
      const command = program.command(name).summary(summary);
      if (isNeeded(name)) (await load()).define(command);
    }
  }
  return program;
}

/** Whether a word names a configuration file rather than a command. */
export function isConfigFile(word: string): boolean {
  return word.endsWith('.json');
}

/** A word that is not a command counts as a configuration file, if it can be one. */
function withConfig(options: ServeOptions, word: string | undefined): ServeOptions {
  if (word === undefined) return options;
  if (!isConfigFile(word)) throw new UsageError(describeUnknown(word));
  if (options.config === undefined) return { ...options, config: word };
  throw new UsageError(`expected one configuration, got --config ${options.config} and ${word}`);
}

function describeUnknown(word: string): string {
  const suggestion = nearest(word, names);
  const hint =
    suggestion === undefined
      ? `Expected one of ${names.join(', ')}, or no command to start the server.`
      : `Did you mean ${suggestion}?`;
  return `unknown command '${word}'. ${hint} To name a configuration file, use --config.`;
}
