import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { nativeFault, nativeFile } from '../transport/native.ts';
import { exitCode, type ExitCode } from './exit-code.ts';

export function define(command: Command): void {
  command
    .description(
      'Removes the native binaries for other systems and versions of Node, about 250 MB, from this installation.',
    )
    .option('--dry-run', 'only show what would be removed')
    .addHelpText(
      'after',
      `
uWebSockets.js contains a binary for each system and version of Node, and this machine loads only one of them. For another
version of Node, or to restore the others, install the packages again. Nothing is removed unless the binary for this
machine exists and is the recorded one.

  soketify-emulator prune --dry-run
  npm ci --omit=dev && npx soketify-emulator prune

Exit codes: 0 done, or nothing to remove, 1 nothing was removed: the binaries were not found, or cannot be removed.`,
    )
    .action(({ dryRun = false }: { readonly dryRun?: boolean }) => {
      process.exitCode = prune(dryRun);
    });
}

function prune(isDryRun: boolean): ExitCode {
  const kept = nativeFile();
  if (kept === undefined || !existsSync(kept)) {
    return refuse(
      kept === undefined
        ? 'the package uWebSockets.js was not found beside this program; run the command where it is installed'
        : `the binary for this machine is missing: ${kept}; install the package again`,
    );
  }
  const fault = nativeFault();
  if (fault !== undefined) return refuse(fault);
  const folder = dirname(kept);
  const others = readdirSync(folder).filter((name) => isBinary(name) && name !== basename(kept));
  const bytes = others.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  try {
    if (!isDryRun) for (const name of others) rmSync(join(folder, name));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  process.stdout.write(
    `${describeRemoval(others.length, bytes, isDryRun)}; ${basename(kept)} is kept in ${folder}\n`,
  );
  return exitCode.done;
}

function describeRemoval(count: number, bytes: number, isDryRun: boolean): string {
  if (count === 0) return 'nothing to remove';
  const megabytes = (bytes / 1_000_000).toFixed(1);
  return isDryRun
    ? `would remove ${count} binaries and free ${megabytes} MB`
    : `removed ${count} binaries and freed ${megabytes} MB`;
}

function refuse(reason: string): ExitCode {
  process.stderr.write(`error: ${reason}\n`);
  return exitCode.failed;
}

function isBinary(name: string): boolean {
  return /^uws_[a-z0-9]+_[a-z0-9]+_\d+\.node$/.test(name);
}
