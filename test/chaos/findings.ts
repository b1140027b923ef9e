import { channelOf } from '../support/webhook-state.ts';
import type { Divergence } from './checks.ts';
import type { Figure } from './figures.ts';
import type { Journal } from './journal.ts';

/** For how many divergent channels the history is kept. */
const keptHistories = 8;

/** A divergence, and when in the run it was found. */
export interface Dated extends Divergence {
  readonly when: string;
}

/** The divergences that the comparisons found, each once, with the history of its channel. */
export class Findings {
  readonly divergences: Dated[] = [];
  readonly histories = new Map<string, readonly string[]>();
  /** Deviations that docs/architecture/nodes.md allows. They are no divergences. */
  excuses: readonly Figure[] = [];
  readonly #journal: Journal;
  readonly #known = new Set<string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** `when`: the point of the run. */
  add(divergences: readonly Divergence[], when = ''): void {
    for (const divergence of divergences) {
      const { subject } = divergence;
      const key = JSON.stringify(divergence);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      this.divergences.push({ ...divergence, when });
      const channel = channelOf(subject);
      if (this.histories.size >= keptHistories || this.histories.has(channel)) continue;
      this.histories.set(channel, [...this.#journal.of(channel)]);
    }
  }
}
