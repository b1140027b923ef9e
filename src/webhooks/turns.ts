import { LinkedList, type ListNode } from '../structures/linked-list.ts';
import { ranks, type Rank } from './rank.ts';

/** The lanes of one source and one rank that may be sent. */
interface Account<L> {
  readonly source: string;
  readonly rank: Rank;
  /** In the order in which they became ready. */
  readonly lanes: LinkedList<L>;
  turn: ListNode<Account<L>> | undefined;
}

/** The position of a lane, used to remove it. */
export interface TurnKey<L> {
  readonly account: Account<L>;
  readonly node: ListNode<L>;
}

/**
 * The order of lanes in a crowded backlog. The ranks of events take turns, and within each rank the sources take turns:
 * however much one source has waiting, the others are served as if it had little.
 */
export class Turns<L> {
  /** By rank: the accounts by source, and in the order of their turns. */
  readonly #groups = ranks.map(() => ({
    bySource: new Map<string, Account<L>>(),
    turns: new LinkedList<Account<L>>(),
  }));
  /** The rank that is served next. */
  #nextRank = 0;

  /** Adds a lane that may be sent from. */
  add(lane: L, source: string, rank: Rank): TurnKey<L> {
    const { bySource, turns } = this.#group(rank);
    let account = bySource.get(source);
    if (account === undefined) {
      account = { source, rank, lanes: new LinkedList(), turn: undefined };
      account.turn = turns.push(account);
      bySource.set(source, account);
    }
    return { account, node: account.lanes.push(lane) };
  }

  /** Removes a lane that may no longer be sent from, or that was just served. Another source is next. */
  remove({ account, node }: TurnKey<L>): void {
    const { rank, source, lanes } = account;
    const { bySource, turns } = this.#group(rank);
    lanes.remove(node);
    this.#nextRank = rank + 1;
    // Stryker disable next-line ConditionalExpression: without this line the only account is removed and added again.
    if (lanes.size > 0 && turns.size === 1) return;
    // Stryker disable next-line ConditionalExpression: every account has a turn from the call that makes it.
    if (account.turn !== undefined) turns.remove(account.turn);
    if (lanes.size > 0) account.turn = turns.push(account);
    else bySource.delete(source);
  }

  /** The lane to be served next. */
  get next(): L | undefined {
    // Stryker disable next-line EqualityOperator: one step more looks at the first rank again.
    for (let offset = 0; offset < ranks.length; offset += 1) {
      const group = this.#groups[(this.#nextRank + offset) % ranks.length];
      // Stryker disable next-line OptionalChaining: there is a group for each rank.
      const lane = group?.turns.first?.lanes.first;
      if (lane !== undefined) return lane;
    }
    return undefined;
  }

  #group(rank: Rank): { bySource: Map<string, Account<L>>; turns: LinkedList<Account<L>> } {
    const group = this.#groups[rank];
    if (group === undefined) throw new RangeError(`there is no rank ${rank}`);
    return group;
  }
}
