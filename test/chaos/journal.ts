/** How many entries are kept per channel. */
const kept = 60;

/** What happened last on each channel, and what must never happen. */
export class Journal {
  readonly #entries = new Map<string, string[]>();
  readonly #startedAt = Date.now();
  readonly #problems: string[] = [];
  readonly #counts = new Map<string, number>();

  /** Records what happened on a channel. */
  note(channel: string, text: string): void {
    const entries = this.#entries.get(channel) ?? [];
    entries.push(`${this.stamp(Date.now())} ${text}`);
    if (entries.length > kept) entries.shift();
    this.#entries.set(channel, entries);
  }

  /** The last entries of the channel. */
  of(channel: string): readonly string[] {
    return this.#entries.get(channel) ?? [];
  }

  /** Records a fault that fails the run, whatever its final state. */
  problem(text: string): void {
    this.#problems.push(`${this.stamp(Date.now())} ${text}`);
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Counts an occurrence. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Formats a time as seconds since the start. */
  stamp(atMs: number): string {
    return `${((atMs - this.#startedAt) / 1000).toFixed(3).padStart(8)} s`;
  }
}
