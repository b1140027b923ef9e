import type { Figure } from '../figures.ts';
import type { Receiver } from '../receiver.ts';
import type { ClientEvents } from './client-events.ts';
import type { Killer } from './killer.ts';
import type { MortalNode } from './mortal-node.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Writing } from './writing.ts';

/** What a run with one node has to show. */
interface Shown {
  readonly options: { readonly seed: number; readonly clients: number; readonly scale: number };
  readonly killer: Killer;
  readonly node: MortalNode;
  readonly said: ClientEvents;
  readonly writing: Writing;
  readonly receivers: readonly Receiver[];
  readonly disk: SmallDisk;
}

/** The figures that only such a run has. */
export function figuresOf({ options, killer, node, said, writing, receivers, disk }: Shown): Figure[] {
  const ready = node.readyMs.toSorted((a, b) => a - b);
  const ms = (value = 0): string => `${Math.round(value)} ms`;
  const delivered = receivers.reduce(
    (sum, { taken }) => sum + new Set(taken.map(({ delivery }) => delivery)).size,
    0,
  );
  return [
    { what: 'seed', figure: options.seed, legend: 'repeats the plan of this run with --seed' },
    { what: 'clients', figure: options.clients, legend: 'came and went' },
    {
      what: 'scale',
      figure: options.scale,
      legend: '1 is a restart grace of 20 s and clients that are back in a minute',
    },
    { what: 'kills', figure: killer.kills, legend: 'by SIGKILL; as many as were asked for' },
    {
      what: 'starts',
      figure: node.starts,
      legend: 'of the process, those that were killed before they listened included',
    },
    {
      what: 'ready, median',
      figure: ms(ready[ready.length >> 1]),
      legend: 'from the start of a process until it listens; little is wanted',
    },
    {
      what: 'ready, longest',
      figure: ms(ready.at(-1)),
      legend: 'the same of the slowest start; below 1 s is wanted',
    },
    {
      what: 'small disk',
      figure: disk.isMounted ? 'yes' : 'no',
      legend: 'whether the store is on a disk of its own that can be filled up',
    },
    {
      what: 'times that writing failed',
      figure: writing.failures,
      legend: 'as the log says of a full disk; some are wanted',
    },
    {
      what: 'webhooks delivered',
      figure: delivered,
      legend: 'requests that an endpoint took, each once; many are wanted',
    },
    {
      what: 'client events seen',
      figure: said.size,
      legend: 'that a client got from another, and every endpoint must have; many are wanted',
    },
    {
      what: 'client events excused',
      figure: said.excused,
      legend: 'seen while the log said that the disk took nothing, before a kill; any number, no divergences',
    },
    {
      what: 'client events lost',
      figure: said.lost,
      legend: 'seen by a client, and missing at an endpoint; 0 is wanted',
    },
  ];
}
