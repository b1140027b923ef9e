import { readFileSync } from 'node:fs';
import { UsageError } from './commands/command.ts';
import { exitCode } from './commands/exit-code.ts';
import { createProgram } from './commands/program.ts';

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

/** Resolves when everything requested has started; true if that includes a server. */
export const started: Promise<boolean> = run();

/** The built file is not an ES module, so it cannot await at its top level. */
async function run(): Promise<boolean> {
  let isServing = false;
  const program = await createProgram({
    version,
    isNeeded: (name) => process.argv.includes(name, 2),
    async serve(options) {
      await (await import('./commands/serve.ts')).serve(options);
      isServing = true;
    },
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(exitCode.badConfiguration);
  }
  return isServing;
}
