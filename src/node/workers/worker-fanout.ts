import type { Fanout } from '../../ports/fanout.ts';
import { indicesOf, type Interest } from './interest.ts';
import type { Line } from './line.ts';
import type { WorkerOfState } from './keeper-methods.ts';

/** The dependencies of the fan-out over threads. */
export interface WorkerFanoutOptions {
  readonly line: Pick<Line<WorkerOfState>, 'sendNow' | 'inOrder'>;
  readonly interest: Interest;
  /** Reaches the clients of this worker; the keeper has none. */
  readonly local: Pick<Fanout, 'publish'> | undefined;
  readonly terminate: Fanout['terminate'];
}

/** Reaches the clients of all workers: those on this thread immediately, and those of each other worker that may hold the channel. */
export function createWorkerFanout({ line, interest, local, terminate }: WorkerFanoutOptions): Fanout {
  return {
    publish(appId, channel, encode, except) {
      const others = interest.others(appId, channel);
      if (others === 0) {
        if (local !== undefined) line.inOrder(() => local.publish(appId, channel, encode, except));
        return;
      }
      const frame = encode(channel);
      for (const worker of indicesOf(others)) line.sendNow(worker, 'frame', appId, channel, frame, except);
      if (local !== undefined) line.inOrder(() => local.publish(appId, channel, () => frame, except));
    },
    terminate,
  };
}
