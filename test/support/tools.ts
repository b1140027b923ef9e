import { spawnSync } from 'node:child_process';
import { canInstall, installPackage } from './apt.ts';

/** A program that tests run beside ours. */
export interface Tool {
  /** What it is called in a message. */
  readonly name: string;
  /** Where it may be: the first that answers is taken. Servers are in /usr/sbin, which is not in everybody's PATH. */
  readonly commands: readonly string[];
  /** Arguments that it answers with 0. */
  readonly probe: readonly string[];
  /** The package of Debian that has it. */
  readonly debianPackage: string;
}

/** The command by which a tool can be run; undefined if it is missing. */
function findTool({ commands, probe }: Tool): string | undefined {
  return commands.find((command) => spawnSync(command, probe, { timeout: 20_000 }).status === 0);
}

/** Installs those that are missing, where that can be done. */
export function installTools(tools: readonly Tool[], why: string): void {
  for (const tool of tools) {
    if (findTool(tool) === undefined && canInstall()) installPackage(tool.debianPackage, why);
  }
}

/**
 * The command by which a tool can be run. A test that is left out because something is missing would be taken for one that passes.
 *
 * @throws {Error} if it is missing; the message says what to install.
 */
export function requireTool(tool: Tool): string {
  const command = findTool(tool);
  if (command !== undefined) return command;
  const { name, debianPackage } = tool;
  throw new Error(
    `This test needs ${name}, and it is not there: install it, for instance with "apt-get install ${debianPackage}" on Debian.`,
  );
}
