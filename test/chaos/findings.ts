import type { Divergence } from './checks.ts';
import type { Journal } from './journal.ts';
import { channelOf } from './truth.ts';

/** Of how many channels with a divergence the history is kept. */
const keptHistories = 8;

/** What the comparisons have brought to light: each divergence once, with what had happened by then. */
export class Findings {
  readonly divergences: Divergence[] = [];
  readonly histories = new Map<string, readonly string[]>();
  /** Contradictions where the order was best effort. */
  reordered = 0;
  /** Departures that were lost with all data. */
  excused = 0;
  readonly #journal: Journal;
  readonly #known = new Set<string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  add(divergences: readonly Divergence[]): void {
    for (const divergence of divergences) {
      const { subject } = divergence;
      const key = JSON.stringify(divergence);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      this.divergences.push(divergence);
      const channel = channelOf(subject);
      if (this.histories.size >= keptHistories || this.histories.has(channel)) continue;
      this.histories.set(channel, [...this.#journal.of(channel)]);
    }
  }
}
