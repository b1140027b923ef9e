import { faultTraits, type FaultKind } from './plan.ts';
import { disorderMs, recoveryMs } from './settings.ts';
import type { Period } from './truth.ts';

/** A fault that was injected. */
export interface Fault {
  readonly kind: FaultKind;
  /** The node, or the endpoint and how it failed. */
  readonly target: string;
  readonly startedAt: number;
  endedAt: number | undefined;
}

const redisFaults: ReadonlySet<FaultKind> = new Set(['redis-kill', 'redis-freeze', 'redis-clients']);

/** The injected faults, and which deviations they allow. */
export class Disturbances {
  readonly faults: Fault[] = [];

  /** Records the start of a fault. The returned function records its end. */
  begin(kind: FaultKind, target: string): Fault {
    const fault: Fault = { kind, target, startedAt: Date.now(), endedAt: undefined };
    this.faults.push(fault);
    return fault;
  }

  end(fault: Fault): void {
    fault.endedAt = Date.now();
  }

  /**
   * Whether the order of events to this endpoint is best effort at this moment. It is for a while after
   * another node may have taken over, and longer if the endpoint was unreachable meanwhile.
   */
  mayReorder(endpoint: string, atMs: number): boolean {
    return this.faults
      .filter(({ kind }) => faultTraits[kind].mayReorder)
      .some((fault) => atMs >= fault.startedAt && atMs <= this.#disorderEnd(fault, endpoint));
  }

  /** The times at which all data was lost, each until the nodes have restored what they hold. */
  get losses(): Period[] {
    const losses = this.faults.filter(({ kind }) => kind === 'flushall');
    return losses.map((loss) => {
      const during = this.faults.filter(
        (fault) => fault.startedAt <= endOf(loss) && endOf(fault) >= loss.startedAt,
      );
      return { from: loss.startedAt, to: Math.max(...during.map(endOf)) + recoveryMs };
    });
  }

  /** Until when a departure may have been lost with all data. -Infinity if no data was lost. */
  get lostUntil(): number {
    return Math.max(-Infinity, ...this.losses.map(({ to }) => to));
  }

  /** Since when Redis is away, or nodes may not have reconnected to it. Undefined if it is available. */
  get redisTroubledSince(): number | undefined {
    const troubles = this.faults.filter(
      ({ kind, endedAt = Infinity }) => redisFaults.has(kind) && endedAt + recoveryMs >= Date.now(),
    );
    return troubles.length === 0 ? undefined : Math.min(...troubles.map(({ startedAt }) => startedAt));
  }

  #disorderEnd(fault: Fault, endpoint: string): number {
    const outages = this.faults.filter(
      ({ kind, target }) => kind === 'endpoint' && target.startsWith(`${endpoint} `),
    );
    let end = endOf(fault) + disorderMs;
    for (const outage of outages.toSorted((a, b) => a.startedAt - b.startedAt)) {
      const isMeanwhile = endOf(outage) >= fault.startedAt && outage.startedAt <= end;
      if (isMeanwhile) end = Math.max(end, endOf(outage) + disorderMs);
    }
    return end;
  }
}

function endOf(fault: Fault): number {
  return fault.endedAt ?? Date.now();
}
