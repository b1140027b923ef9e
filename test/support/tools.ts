import { spawnSync } from 'node:child_process';
import { canInstall, installPackage } from './apt.ts';

/** A program that tests run besides ours. */
export interface Tool {
  /** Its name in messages. */
  readonly name: string;
  /** Where it may be. The first that works is taken. Servers are in /usr/sbin, which is not in every PATH. */
  readonly commands: readonly string[];
  /** Arguments with which it exits with 0. */
  readonly probe: readonly string[];
  /** The Debian package that contains it. */
  readonly debianPackage: string;
}

/** The command that runs a tool, or undefined if it is missing. */
function findTool({ commands, probe }: Tool): string | undefined {
  return commands.find((command) => spawnSync(command, probe, { timeout: 20_000 }).status === 0);
}

/** Installs the missing tools where that is possible. */
export function installTools(tools: readonly Tool[], purpose: string): void {
  for (const tool of tools) {
    if (findTool(tool) === undefined && canInstall()) installPackage(tool.debianPackage, purpose);
  }
}

/**
 * The command that runs a tool. It throws because a skipped test would look like one that passes. @throws
 * {Error} if it is missing. The message names the package to install.
 */
export function requireTool(tool: Tool): string {
  const command = findTool(tool);
  if (command !== undefined) return command;
  const { name, debianPackage } = tool;
  throw new Error(
    `This test needs ${name}, which was not found: install it, for instance with "apt-get install ${debianPackage}" on Debian.`,
  );
}
