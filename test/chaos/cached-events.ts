/** The value for a cache channel without an event. */
export const noEvent = '';
/** How many events are remembered per channel. */
const remembered = 100;

interface Published {
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
  #published: Published[] = [
    { data: noEvent, node: '', startedAt: 0, atMs: 0, isAnswered: true, isCertain: true },
  ];

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
    for (const event of this.#published) {
      if (event.atMs >= atMs && event.node === node) event.isCertain = false;
    }
  }

  /** The data of the events that a new subscriber may receive, with `noEvent` for none. */
  get acceptable(): readonly string[] {
    const at = this.#published.findLastIndex(({ isCertain }) => isCertain);
    const certain = this.#published[at];
    const possible = this.#published.filter((event, index) => {
      if (index >= at || certain === undefined) return true;
      return !event.isAnswered && event.atMs > certain.startedAt - this.#doubtMs;
    });
    return [...new Set(possible.map(({ data }) => data))];
  }

  #add(event: Omit<Published, 'atMs' | 'isCertain'>): void {
    this.#published.push({ ...event, atMs: Date.now(), isCertain: event.isAnswered });
    this.#published = this.#published.slice(-remembered);
  }
}
