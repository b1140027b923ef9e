import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { UsageError, type Subcommand } from './commands/command.ts';
import { exitCode } from './commands/exit-code.ts';
import type { ServeOptions } from './commands/serve.ts';

/** The subcommands. What one needs is loaded only where it is called or explained: the server starts without. */
const subcommands: readonly (readonly [name: string, summary: string, load: () => Promise<Subcommand>])[] = [
  ['listen', 'receive webhooks and print whether they verify', () => import('./commands/listen.ts')],
  ['trigger', 'publish an event on channels', () => import('./commands/trigger.ts')],
  ['send-webhook', 'send a signed webhook to an endpoint', () => import('./commands/send-webhook.ts')],
  ['health', 'ask a running server whether it is healthy', () => import('./commands/health.ts')],
  ['check-config', 'print the effective configuration', () => import('./commands/check-config.ts')],
  [
    'prune',
    'remove native binaries for other systems and versions of Node',
    () => import('./commands/prune.ts'),
  ],
];

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

let isServing = false;

const program = new Command('soketify-emulator')
  .description(
    'Soketify as a program: Pusher Channels by WebSocket and HTTP, and webhooks that tell the truth.',
  )
  .usage('[options] [command]')
  .version(version)
  .option('-c, --config <file>', 'the configuration, a JSON file (its schema: config/schema.json)')
  .option('--host <address>', 'the address to listen on, instead of the configured one')
  .option('--port <number>', 'the port to listen on, instead of the configured one; 0 takes any free one')
  .option('--store <folder>', 'keep on disk what a node that is alone must not lose when it is killed')
  .option('--workers <number>', 'threads that clients are connected to, or auto for one for each processor')
  .option('-w, --watch', 'take changes of the configuration as soon as its files change')
  .option(
    '--control [clock]',
    'serve the control API of tests under /control: clock, faults, what was sent and why; with virtual, time stands still until a test moves it (default: real)',
  )
  .enablePositionalOptions()
  .helpCommand('help [command]', 'teach a command')
  .addHelpText(
    'after',
    `
Without a command the server is started; COMMAND --help teaches each of the others. Without a configuration one
app is served on 127.0.0.1:6001: id 1, key app-key, secret app-secret. To see it work, each in a terminal:

  soketify-emulator listen --port 9000
  SOKETIFY_WEBHOOK_URL=http://127.0.0.1:9000/ soketify-emulator
  soketify-emulator trigger --channel news --event headline --data '{"text":"It works"}'

Environment: SOKETIFY_APP_ID, SOKETIFY_APP_KEY, SOKETIFY_APP_SECRET, SOKETIFY_WEBHOOK_URL, SOKETIFY_HOST,
SOKETIFY_APP_SECRET_FILE, SOKETIFY_PORT, SOKETIFY_REDIS_URL, SOKETIFY_STORE, SOKETIFY_WORKERS, SOKETIFY_CONTROL_TOKEN, SOKETIFY_LOG_LEVEL; each goes before the file. SOKETIFY_NATIVE_SHA256 trusts another build
of the native library. NODE_ENV=production demands https endpoints.

SIGHUP reloads apps, endpoints, limits and certificates without dropping a connection.

Exit codes: 0 ended by a signal (or by a second one), 1 could not start or failed, 2 wrong configuration or usage.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCode.done : exitCode.badConfiguration))
  .argument('[command]')
  .action(async (unknown: string | undefined, options: ServeOptions) => {
    if (unknown !== undefined) {
      const names = subcommands.map(([name]) => name).join(', ');
      throw new UsageError(`unknown command '${unknown}'; expected one of ${names}, or none for the server`);
    }
    await (await import('./commands/serve.ts')).serve(options);
    isServing = true;
  });

/** Resolves when all that was asked for has begun: whether a server was, and serves now. */
export const started: Promise<boolean> = run();

/** What is built of this file is no ES module, which could wait at its top. */
async function run(): Promise<boolean> {
  for (const [name, summary, load] of subcommands) {
    const command = program.command(name).summary(summary);
    if (process.argv.includes(name, 2)) (await load()).define(command);
  }
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(exitCode.badConfiguration);
  }
  return isServing;
}
