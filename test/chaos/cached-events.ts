/** The value for a cache channel without an event. */
export const noEvent = '';
/** How many events are remembered per channel. */
const remembered = 100;

interface Said {
  readonly data: string;
  /** The node that received the request. */
  readonly node: string;
  readonly startedAt: number;
  /** When the request was answered or given up. */
  readonly atMs: number;
  readonly isAnswered: boolean;
  /** Whether it was answered 200 by a node that keeps its answers. */
  isCertain: boolean;
}

/** Which event each cache channel may hold, as known to a backend that publishes one event at a time. */
export class CachedEvents {
  readonly #doubtMs: number;
  #said: Said[] = [{ data: noEvent, node: '', startedAt: 0, atMs: 0, isAnswered: true, isCertain: true }];

  /** `doubtMs`: how long a failed request may still take effect, in milliseconds. */
  constructor(doubtMs: number) {
    this.#doubtMs = doubtMs;
  }

  answered(data: string, startedAt: number, node: string): void {
    this.#add({ data, node, startedAt, isAnswered: true });
  }

  /** For a request that may or may not have taken effect. */
  failed(data: string): void {
    this.#add({ data, node: '', startedAt: Date.now(), isAnswered: false });
  }

  /** Marks what this node has answered since this moment as possibly lost. Earlier events may be back. */
  mayLoseSince(atMs: number, node: string): void {
    for (const said of this.#said) if (said.atMs >= atMs && said.node === node) said.isCertain = false;
  }

  /** The data of the events that a new subscriber may receive, with `noEvent` for none. */
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
