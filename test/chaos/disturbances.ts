import { faultTraits, type FaultKind } from './plan.ts';
import { disorderMs, recoveryMs } from './settings.ts';
import type { Period } from './truth.ts';

/** A fault that was brought about. */
export interface Fault {
  readonly kind: FaultKind;
  /** The node, the endpoint and how it failed, ... */
  readonly target: string;
  readonly startedAt: number;
  endedAt: number | undefined;
}

const redisFaults: ReadonlySet<FaultKind> = new Set(['redis-kill', 'redis-freeze', 'redis-clients']);

/** Which faults there were, and what they excuse. */
export class Disturbances {
  readonly faults: Fault[] = [];

  /** A fault begins. Undoing it ends it. */
  begin(kind: FaultKind, target: string): Fault {
    const fault: Fault = { kind, target, startedAt: Date.now(), endedAt: undefined };
    this.faults.push(fault);
    return fault;
  }

  end(fault: Fault): void {
    fault.endedAt = Date.now();
  }

  /**
   * Whether the order is best effort for what this endpoint gets at this moment: a while after another node may
   * have taken over, and longer where the endpoint could not be reached meanwhile.
   */
  mayReorder(endpoint: string, atMs: number): boolean {
    return this.faults
      .filter(({ kind }) => faultTraits[kind].mayReorder)
      .some((fault) => atMs >= fault.startedAt && atMs <= this.#disorderEnd(fault, endpoint));
  }

  /** When all data was lost, each time until the nodes have written down again what they hold. */
  get losses(): Period[] {
    const losses = this.faults.filter(({ kind }) => kind === 'flushall');
    return losses.map((loss) => {
      const during = this.faults.filter(
        (fault) => fault.startedAt <= endOf(loss) && endOf(fault) >= loss.startedAt,
      );
      return { from: loss.startedAt, to: Math.max(...during.map(endOf)) + recoveryMs };
    });
  }

  /** Until when a departure may have been lost with all data; -Infinity if no data was lost. */
  get lostUntil(): number {
    return Math.max(-Infinity, ...this.losses.map(({ to }) => to));
  }

  /** Since when Redis is away, or nodes may not have found it again; undefined: it is not. */
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
