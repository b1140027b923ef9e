/** What a cache channel holds that has no event. */
export const noEvent = '';
/** So many events are remembered of a channel. */
const remembered = 100;

interface Said {
  readonly data: string;
  /** The node that was asked. */
  readonly node: string;
  readonly startedAt: number;
  /** When it was answered, or known that it would not be. */
  readonly atMs: number;
  readonly isAnswered: boolean;
  /** It was answered with 200, by a node that kept it. */
  isCertain: boolean;
}

/** Which event a cache channel may hold, as a backend knows it that publishes one at a time. */
export class CachedEvents {
  readonly #doubtMs: number;
  #said: Said[] = [{ data: noEvent, node: '', startedAt: 0, atMs: 0, isAnswered: true, isCertain: true }];

  /** `doubtMs`: how long after its failure a request may still take effect. */
  constructor(doubtMs: number) {
    this.#doubtMs = doubtMs;
  }

  answered(data: string, startedAt: number, node: string): void {
    this.#add({ data, node, startedAt, isAnswered: true });
  }

  /** It may have taken effect, or not. */
  failed(data: string): void {
    this.#add({ data, node: '', startedAt: Date.now(), isAnswered: false });
  }

  /** What this node has answered since this moment may be lost, and what was there before may be there again. */
  mayLoseSince(atMs: number, node: string): void {
    for (const said of this.#said) if (said.atMs >= atMs && said.node === node) said.isCertain = false;
  }

  /** The data of the events that a new subscriber may get; `noEvent` among them for none. */
  get acceptable(): readonly string[] {
    const at = this.#said.findLastIndex(({ isCertain }) => isCertain);
    const certain = this.#said[at];
    const possible = this.#said.filter((said, index) => {
      if (index >= at || certain === undefined) return true;
      return !said.isAnswered && said.atMs > certain.startedAt - this.#doubtMs;
    });
    return [...new Set(possible.map(({ data }) => data))];
  }

  #add(said: Omit<Said, 'atMs' | 'isCertain'>): void {
    this.#said.push({ ...said, atMs: Date.now(), isCertain: said.isAnswered });
    this.#said = this.#said.slice(-remembered);
  }
}
