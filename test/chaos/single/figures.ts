import type { Figure } from '../figures.ts';
import type { Receiver } from '../receiver.ts';
import type { ClientEvents } from './client-events.ts';
import type { Killer } from './killer.ts';
import type { MortalNode } from './mortal-node.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Writing } from './writing.ts';

/** What a run with one node reports. */
interface Shown {
  readonly options: { readonly seed: number; readonly clients: number; readonly scale: number };
  readonly killer: Killer;
  readonly node: MortalNode;
  readonly clientEvents: ClientEvents;
  readonly writing: Writing;
  readonly receivers: readonly Receiver[];
  readonly disk: SmallDisk;
}

/** The figures that only such a run has. */
export function figuresOf({
  options,
  killer,
  node,
  clientEvents,
  writing,
  receivers,
  disk,
}: Shown): Figure[] {
  const ready = node.readyMs.toSorted((a, b) => a - b);
  const ms = (value = 0): string => `${Math.round(value)} ms`;
  const delivered = receivers.reduce(
    (sum, { accepted }) => sum + new Set(accepted.map(({ delivery }) => delivery)).size,
    0,
  );
  return [
    { what: 'seed', figure: options.seed, legend: 'to repeat the plan of this run, use --seed' },
    { what: 'clients', figure: options.clients, legend: 'joining, leaving and reconnecting' },
    {
      what: 'scale',
      figure: options.scale,
      legend: 'at 1 the restart grace is 20 s and clients stay away for up to a minute',
    },
    { what: 'kills', figure: killer.kills, legend: 'by SIGKILL; should equal the requested number' },
    {
      what: 'starts',
      figure: node.starts,
      legend: 'of the process, including those that were killed before they listened',
    },
    {
      what: 'ready, median',
      figure: ms(ready[ready.length >> 1]),
      legend: 'from the start of a process until it listens; should be low',
    },
    {
      what: 'ready, longest',
      figure: ms(ready.at(-1)),
      legend: 'of the slowest start; should be below 1 s',
    },
    {
      what: 'small disk',
      figure: disk.isMounted ? 'yes' : 'no',
      legend: 'whether the store is on a small disk of its own that can be filled',
    },
    {
      what: 'failed writes',
      figure: writing.failures,
      legend: 'as logged for a full disk; should not be 0',
    },
    {
      what: 'webhooks delivered',
      figure: delivered,
      legend: 'requests that an endpoint accepted, each counted once; should be high',
    },
    {
      what: 'client events received',
      figure: clientEvents.size,
      legend: 'by a client from another; every endpoint must receive them, too; should be high',
    },
    {
      what: 'client events not written',
      figure: clientEvents.unwritten,
      legend:
        'received while the log reported a full disk, before a kill; endpoints may lack them; any number is fine',
    },
    {
      what: 'client events lost',
      figure: clientEvents.lost,
      legend: 'received by a client, and missing at an endpoint; should be 0',
    },
  ];
}
