import type { Command } from 'commander';
import type { Env } from '../config/environment.ts';
import type { JsonObject } from '../config/json.ts';
import { loadConfig } from '../config/load.ts';
import { UsageError } from './command.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { printJson, printNote } from './print.ts';
import { readConfiguration } from './server-target.ts';
import { convert } from './soketi/convert.ts';
import { hasSoketiVariables, readGiven } from './soketi/given.ts';

interface ImportOptions {
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .description('Converts a configuration of soketi 1.6: its file and the SOKETI_* environment variables.')
    .argument('[file]', 'the configuration of soketi, a JSON file; environment variables override it')
    .option('--json', 'print one object: config, notes and, if there are any, faults')
    .addHelpText(
      'after',
      `
The configuration is written to standard output, secrets included. Standard error has a line for each setting without a
counterpart, and for each that the server would refuse. Defaults of soketi that differ from ours are written out.

  soketify-emulator import-soketi soketi.json > config.json
  set -a; . ./.env; set +a; soketify-emulator import-soketi > config.json
  soketify-emulator check-config config.json

Exit codes: 0 converted, 1 converted, but the server would refuse the result, 2 wrong usage or an unreadable file.`,
    )
    .action((file: string | undefined, options: ImportOptions) => {
      process.exitCode = importSoketi(file, options, process.env);
    });
}

function importSoketi(file: string | undefined, { json = false }: ImportOptions, env: Env): ExitCode {
  if (file === undefined && !hasSoketiVariables(env)) {
    throw new UsageError('nothing to import: name the file of soketi, or set its SOKETI_* variables');
  }
  const given = readGiven(file === undefined ? {} : readConfiguration(file), env);
  const { config, notes } = convert(given);
  const faults = faultsOf(config, env);
  if (json) printJson({ config, notes, ...(faults.length > 0 && { faults }) });
  else {
    for (const note of notes) printNote(`no counterpart: ${note}`);
    for (const fault of faults) printNote(`would be refused: ${fault}`);
    process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
  }
  return faults.length === 0 ? exitCode.done : exitCode.failed;
}

/** What the server would refuse. Environment variables are ignored, because they do not affect the printed configuration. */
function faultsOf(config: JsonObject, env: Env): readonly string[] {
  const loaded = loadConfig({ given: config, env: { NODE_ENV: env['NODE_ENV'] }, overrides: {} });
  return loaded.kind === 'ok' ? [] : loaded.faults.map(({ path, message }) => `${path} ${message}`);
}
