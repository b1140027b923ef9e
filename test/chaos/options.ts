import { Command, InvalidArgumentError } from 'commander';
import { faultKinds, faultTraits, type FaultKind } from './plan.ts';

/** The options of the command line. */
export interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
  readonly workers: number;
  readonly clients: number;
  /** Whether endpoints lose what they do not accept soon, and are reconciled. */
  readonly reconcile: boolean;
  readonly faults: readonly FaultKind[];
  readonly verbose: boolean;
  /** Whether one node with a store on disk is killed repeatedly, instead of running the other faults. */
  readonly single: boolean;
  readonly kills: number;
  readonly scale: number;
}

interface Raw extends Omit<Options, 'faults'> {
  readonly faults: string;
}

/** Parses the arguments. Wrong arguments and `--help` end the program. */
export function readOptions(args: readonly string[]): Options {
  const command = new Command('npm run chaos --')
    .description('Runs nodes under faults, and checks that the webhooks they sent lead to the true state.')
    .option('--minutes <number>', 'minutes of faults', number(0.05, 600), 1)
    .option(
      '--seed <number>',
      'repeats the plan of an earlier run',
      wholeNumber(0, 2 ** 31),
      Date.now() % 2 ** 31,
    )
    .option(
      '--nodes <number>',
      '1 node keeps its state in memory, several share a Redis',
      wholeNumber(1, 20),
      3,
    )
    .option('--workers <number>', 'worker threads of each node', wholeNumber(1, 31), 1)
    .option('--clients <number>', 'number of WebSocket clients', wholeNumber(1, 5000), 200)
    .option('--faults <list>', `all, none, or a list of ${faultKinds.join(',')}`, 'all')
    .option('--reconcile', 'endpoints lose what they do not accept soon, and are reconciled', false)
    .option('--single', 'kill one node with a store on disk, instead of other faults', false)
    .option('--kills <number>', 'with --single: number of kills', wholeNumber(1, 100_000), 40)
    .option(
      '--scale <number>',
      'with --single: time scale; at 1 the restart grace is 20 s and clients stay away for up to a minute',
      number(0.01, 1),
      0.05,
    )
    .option('--verbose', 'print the log of every node', false)
    .addHelpText(
      'after',
      '\nClients lose their connections in storms, whichever faults are chosen.\nWith --single, endpoints fail and the disk fills up as well, and --minutes, --nodes, --faults and --reconcile have no effect.\nExit codes: 0 no divergence, 1 divergences, 2 wrong usage.',
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const { faults, ...options } = command.parse(args, { from: 'user' }).opts<Raw>();
  try {
    return { ...options, faults: readFaults(faults, options.nodes) };
  } catch (error) {
    return command.error(error instanceof Error ? error.message : String(error));
  }
}

/** A single node has its state in memory, so faults that kill it are excluded. */
function readFaults(list: string, nodes: number): FaultKind[] {
  const possible = faultKinds.filter((kind) => nodes > 1 || faultTraits[kind].suitsMemory);
  if (list === 'all') return possible;
  if (list === 'none') return [];
  return list.split(',').map((name) => {
    const kind = possible.find((known) => known === name);
    if (kind !== undefined) return kind;
    throw new Error(
      `error: unknown fault '${name}' for ${nodes} node(s); expected one of ${possible.join(', ')}`,
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
