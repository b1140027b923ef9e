import type { WalkNode } from './walk-node.ts';

/** How long Redis remembers a termination. */
const rememberedMs = 600_000;

interface Termination {
  readonly userId: string;
  readonly at: number;
  readonly by: WalkNode;
  /** The nodes of that time. */
  readonly nodes: readonly WalkNode[];
}

/** The terminations of a walk that backends received a confirmation for. */
export class WalkTerminations {
  readonly #confirmed: Termination[] = [];

  /** A backend terminates a user's connections over the node `by`. */
  async request(userId: string, by: WalkNode, nodes: readonly WalkNode[], at: number): Promise<void> {
    const then = [...nodes];
    const answer = await by.ledger.terminate('a1', userId);
    if (answer === 'done') this.#confirmed.push({ userId, at, by, nodes: then });
  }

  /** Those that a node has not received although it was there and still is. `nodes`: those that are there now. */
  missed(nodes: readonly WalkNode[], now: number): readonly string[] {
    // Only the node that wrote a termination can write it again after a loss of data.
    const due = this.#confirmed.filter(({ at, by }) => now - at < rememberedMs && nodes.includes(by));
    return due.flatMap(({ userId, at, nodes: then }) =>
      then
        // Redis keeps whole milliseconds.
        .filter((node) => nodes.includes(node) && (node.endedAt.get(userId) ?? -Infinity) < at - 1)
        .map(() => `${userId} at ${at}`),
    );
  }
}
