import { Command, InvalidArgumentError } from 'commander';
import { faultKinds, faultTraits, type FaultKind } from './plan.ts';

/** What the command line asked for. */
export interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
  readonly workers: number;
  readonly clients: number;
  readonly faults: readonly FaultKind[];
  readonly verbose: boolean;
  /** One node that keeps its state on disk is killed, instead of whatever else happens to nodes. */
  readonly single: boolean;
  readonly kills: number;
  readonly scale: number;
}

interface Raw extends Omit<Options, 'faults'> {
  readonly faults: string;
}

/** Reads the arguments; wrong ones, and the question for help, end the program. */
export function readOptions(args: readonly string[]): Options {
  const command = new Command('npm run chaos --')
    .description('Runs nodes under faults and compares what the webhooks have told with what is true.')
    .option('--minutes <number>', 'how long faults happen', number(0.05, 600), 1)
    .option(
      '--seed <number>',
      'repeats the plan of an earlier run',
      wholeNumber(0, 2 ** 31),
      Date.now() % 2 ** 31,
    )
    .option('--nodes <number>', '1 keeps its state in memory; several share a Redis', wholeNumber(1, 20), 3)
    .option('--workers <number>', 'threads of each node that clients are connected to', wholeNumber(1, 31), 1)
    .option('--clients <number>', 'WebSocket clients', wholeNumber(1, 5000), 200)
    .option('--faults <list>', `all, none, or some of ${faultKinds.join(',')}`, 'all')
    .option('--single', 'kill one node that keeps its state on disk, instead', false)
    .option('--kills <number>', 'with --single: how often it is killed', wholeNumber(1, 100_000), 40)
    .option(
      '--scale <number>',
      'with --single: how long things take; 1 is a restart grace of 20 s and clients that are back in a minute',
      number(0.01, 1),
      0.05,
    )
    .option('--verbose', 'print the log of every node', false)
    .addHelpText(
      'after',
      '\nClients lose their connections in storms whatever the faults.\nWith --single, endpoints fail and the disk is full for a while as well; --minutes, --nodes, --workers and --faults mean nothing.\nExit codes: 0 all was true, 1 it was not, 2 wrong usage.',
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const { faults, ...options } = command.parse(args, { from: 'user' }).opts<Raw>();
  try {
    return { ...options, faults: readFaults(faults, options.nodes) };
  } catch (error) {
    return command.error(error instanceof Error ? error.message : String(error));
  }
}

/** A single node knows only some faults: with the others its state would be lost. */
function readFaults(list: string, nodes: number): FaultKind[] {
  const possible = faultKinds.filter((kind) => nodes > 1 || faultTraits[kind].suitsMemory);
  if (list === 'all') return possible;
  if (list === 'none') return [];
  return list.split(',').map((name) => {
    const kind = possible.find((known) => known === name);
    if (kind !== undefined) return kind;
    throw new Error(
      `error: there is no fault '${name}' for ${nodes} node(s), accepted are ${possible.join(', ')}`,
    );
  });
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

function wholeNumber(least: number, most: number): (text: string) => number {
  const read = number(least, most);
  return (text) => {
    const value = read(text);
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError('Expected a whole number.');
  };
}
