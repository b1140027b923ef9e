import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { maskConfig } from '../config/mask-config.ts';
import { formatFaults } from '../config/checks/report.ts';
import { exitCode, type ExitCode } from './exit-code.ts';

export function define(command: Command): void {
  command
    .description('Prints the configuration that the server would run with, secrets masked.')
    .argument('[file]', 'the configuration, a JSON file; without it, the default configuration')
    .addHelpText(
      'after',
      `
As when the server starts, defaults are filled in and the environment overrides the file. The configuration is printed
to standard output as JSON. Warnings, faults and overridden values are printed to standard error. The files that it
names are read. Only a start shows whether the port is free and whether the store and Redis can be used.

  soketify-emulator check-config config/example.json
  NODE_ENV=production soketify-emulator check-config config.json && systemctl reload soketify

Exit codes: 0 the configuration is valid, 2 it is not; every fault is printed with its path.`,
    )
    .action((file: string | undefined) => {
      process.exitCode = checkConfig(file);
    });
}

function checkConfig(file: string | undefined): ExitCode {
  const loaded = loadConfig({ file, env: process.env, overrides: {} });
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${formatFaults(loaded.faults, file)}\n`);
    return exitCode.badConfiguration;
  }
  for (const note of loaded.overridden) process.stderr.write(`note: ${note}\n`);
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  process.stdout.write(`${JSON.stringify(maskConfig(loaded.config), null, 2)}\n`);
  return exitCode.done;
}
