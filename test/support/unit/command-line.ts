import { Command, type Option } from 'commander';
import { addServerOptions } from '../../../src/commands/asking.ts';
import { createProgram } from '../../../src/commands/program.ts';

/** A command as documented. */
export interface DescribedCommand {
  /** Such as `endpoints add`. Empty for the program itself. */
  readonly name: string;
  /** Such as `soketify-emulator endpoints add [options] <url>`. */
  readonly usage: string;
  readonly description: string;
  /** Flags and meaning of each option, except those that select the server. */
  readonly options: readonly (readonly [flags: string, meaning: string])[];
  /** The output of `--help`. */
  readonly help: string;
  /** Whether it has the options that select the server. */
  readonly asksServer: boolean;
}

/** The options that select the server. */
export const serverOptions = addServerOptions(new Command()).options.map(describe);

/** Every command. */
export async function describeCommands(): Promise<readonly DescribedCommand[]> {
  const program = await createProgram({ version: '0', serve: async () => {}, isNeeded: () => true });
  return describeAll(program, '');
}

function describeAll(command: Command, name: string): readonly DescribedCommand[] {
  const shared = new Set(serverOptions.map(([flags]) => flags));
  const options = command.options.map(describe);
  const own = options.filter(([flags]) => !shared.has(flags));
  // Commands that ask no server also have the option `--json`.
  const asksServer = options.some(([flags]) => flags.startsWith('--token '));
  const described = {
    name,
    usage: `soketify-emulator ${name === '' ? '' : `${name} `}${command.usage()}`,
    description: command.description(),
    options: asksServer ? own : options,
    asksServer,
    help: helpOf(command),
  };
  const below = command.commands.flatMap((one) => describeAll(one, `${name} ${one.name()}`.trim()));
  return [described, ...below];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

function describe({ flags, description, defaultValue, negate }: Option): readonly [string, string] {
  const usual = defaultValue === undefined || negate ? '' : ` (default: ${String(defaultValue)})`;
  return [flags, `${description}${usual}`];
}
