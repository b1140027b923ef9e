/**
 * An injected fault.
 *
 * @example
 * const fault = soketify.faults.webhooks({ timeout: true });
 * fault.clear();
 * console.log(fault.hits);
 * @since 0.1.0
 */
export interface Fault {
  /** How many times it has applied. */
  readonly hits: number;
  /** Clears the fault. Calling it again does nothing. */
  clear(): void;
}

/** A fault as it is stored. */
interface Kept<Spec> {
  readonly id: number;
  readonly appId: string | undefined;
  readonly spec: Spec;
  remaining: number;
  hits: number;
}

/** An active fault, for listings. */
export interface ActiveFault<Spec> {
  readonly id: number;
  /** Absent: of all apps. */
  readonly appId?: string;
  readonly spec: Spec;
  /** How many more times it applies. Absent: until it is cleared. */
  readonly remaining?: number;
  readonly hits: number;
}

const mostRemembered = 1000;

/** The faults of one kind. The fault that was injected first applies first, as many times as it should. */
export class FaultList<Spec extends { readonly times?: number | undefined }> {
  readonly #nextId: () => number;
  #faults: readonly Kept<Spec>[] = [];
  /** The faults by id, including the latest ones that are over. */
  readonly #made = new Map<number, Kept<Spec>>();

  /** `nextId` numbers the faults of all kinds. */
  constructor(nextId: () => number) {
    this.#nextId = nextId;
  }

  add(spec: Spec, appId: string | undefined): Fault & { readonly id: number } {
    const kept: Kept<Spec> = { id: this.#nextId(), appId, spec, remaining: spec.times ?? Infinity, hits: 0 };
    this.#faults = [...this.#faults, kept];
    this.#made.set(kept.id, kept);
    const [oldest] = this.#made.keys();
    if (this.#made.size > mostRemembered && oldest !== undefined) this.#made.delete(oldest);
    return {
      id: kept.id,
      get hits() {
        return kept.hits;
      },
      clear: () => void this.remove(kept.id),
    };
  }

  /** The fault that applies now, if any. */
  strike(appId: string, applies: (spec: Spec) => boolean): Spec | undefined {
    const fault = this.#faults.find(
      (one) => (one.appId === undefined || one.appId === appId) && applies(one.spec),
    );
    if (fault === undefined) return undefined;
    fault.hits += 1;
    fault.remaining -= 1;
    if (fault.remaining <= 0) this.remove(fault.id);
    return fault.spec;
  }

  /** Returns how often a fault has applied, even if it is over; undefined if it is not known any more. */
  hitsOf(id: number): number | undefined {
    return this.#made.get(id)?.hits;
  }

  /** Clears a fault, and returns its app. Undefined if there is no such fault. */
  remove(id: number): { readonly appId: string | undefined } | undefined {
    const removed = this.#faults.find((fault) => fault.id === id);
    this.#faults = this.#faults.filter((fault) => fault !== removed);
    return removed;
  }

  /** Clears the faults of an app, or all faults. */
  clear(appId?: string): void {
    this.#faults = appId === undefined ? [] : this.#faults.filter((fault) => fault.appId !== appId);
  }

  list(): readonly ActiveFault<Spec>[] {
    return this.#faults.map(({ id, appId, spec, remaining, hits }) => ({
      id,
      ...(appId !== undefined && { appId }),
      spec,
      ...(remaining !== Infinity && { remaining }),
      hits,
    }));
  }
}
