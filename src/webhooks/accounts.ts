import { LinkedList, type ListNode } from '../structures/linked-list.ts';
import { ranks, type Rank } from './rank.ts';

/** What one source has waiting of one rank: `S` are the events' places, `L` the lanes that may be sent from. */
export interface Account<S, L> {
  readonly source: string;
  readonly rank: Rank;
  /** The oldest first. */
  readonly slots: LinkedList<S>;
  /** In the order in which they became ready. */
  readonly lanes: LinkedList<L>;
  bytes: number;
  /** Where it stands among those of its rank and size. */
  size: { readonly step: number; readonly node: ListNode<Account<S, L>> } | undefined;
  /** Where it stands among those of its rank whose turn comes; undefined: it has no lane that is ready. */
  turn: ListNode<Account<S, L>> | undefined;
}

/** The accounts of one rank. */
interface Group<S, L> {
  readonly bySource: Map<string, Account<S, L>>;
  /** By the number of binary digits of their bytes: so the largest is known to within a factor of two, without a search. */
  readonly bySize: LinkedList<Account<S, L>>[];
  readonly turns: LinkedList<Account<S, L>>;
}

/**
 * Who has how much waiting for an endpoint. The ranks take turns, and within each the sources: however much one of
 * them has waiting, the others are served as if it had little, and it is the first to lose something.
 */
export class Accounts<S, L> {
  readonly #groups: readonly Group<S, L>[] = ranks.map(() => ({
    bySource: new Map(),
    bySize: [],
    turns: new LinkedList(),
  }));
  readonly #isYounger: (slot: S, than: S) => boolean;
  /** The rank whose turn it is. */
  #nextRank = 0;

  constructor(isYounger: (slot: S, than: S) => boolean) {
    this.#isYounger = isYounger;
  }

  /** The account of a source; a new one is forgotten unless something is entered. */
  of(source: string, rank: Rank): Account<S, L> {
    const { bySource } = this.#group(rank);
    let account = bySource.get(source);
    if (account === undefined) {
      account = {
        source,
        rank,
        slots: new LinkedList(),
        lanes: new LinkedList(),
        bytes: 0,
        size: undefined,
        turn: undefined,
      };
      bySource.set(source, account);
    }
    return account;
  }

  /** Something waits; the node returned is the key for taking it out again. */
  enter(account: Account<S, L>, slot: S, bytes: number): ListNode<S> {
    this.#resize(account, bytes);
    return account.slots.insert(slot, this.#isYounger);
  }

  leave(account: Account<S, L>, node: ListNode<S>, bytes: number): void {
    account.slots.remove(node);
    this.#resize(account, -bytes);
    this.#forgetEmpty(account);
  }

  /** Of the sources with most waiting of this rank, one; undefined: nothing of this rank waits. */
  largest(rank: Rank): Account<S, L> | undefined {
    const { bySize, bySource } = this.#group(rank);
    if (bySource.size === 0) return undefined;
    return bySize.findLast((accounts) => accounts !== undefined && accounts.size > 0)?.first;
  }

  /** The lane may be sent from, when the turn of the account comes. */
  ready(account: Account<S, L>, lane: L): ListNode<L> {
    account.turn ??= this.#group(account.rank).turns.push(account);
    return account.lanes.push(lane);
  }

  /** The lane may not be sent from any more, or just was: then another account is next. */
  unready(account: Account<S, L>, node: ListNode<L>): void {
    const { turns } = this.#group(account.rank);
    account.lanes.remove(node);
    if (account.turn !== undefined) turns.remove(account.turn);
    account.turn = account.lanes.size > 0 ? turns.push(account) : undefined;
    this.#nextRank = account.rank + 1;
    this.#forgetEmpty(account);
  }

  /** The lane whose turn it is. */
  get next(): L | undefined {
    for (let offset = 0; offset < ranks.length; offset += 1) {
      const group = this.#groups[(this.#nextRank + offset) % ranks.length];
      const lane = group?.turns.first?.lanes.first;
      if (lane !== undefined) return lane;
    }
    return undefined;
  }

  #resize(account: Account<S, L>, byBytes: number): void {
    account.bytes += byBytes;
    // -1 without any. A queue has no more than 4 GiB.
    const step = 31 - Math.clz32(account.bytes);
    if (account.size?.step === step) return;
    const { bySize } = this.#group(account.rank);
    if (account.size !== undefined) bySize[account.size.step]?.remove(account.size.node);
    account.size = step < 0 ? undefined : { step, node: (bySize[step] ??= new LinkedList()).push(account) };
  }

  #forgetEmpty({ source, rank, slots, lanes }: Account<S, L>): void {
    if (slots.size === 0 && lanes.size === 0) this.#group(rank).bySource.delete(source);
  }

  #group(rank: Rank): Group<S, L> {
    const group = this.#groups[rank];
    if (group === undefined) throw new RangeError(`there is no rank ${rank}`);
    return group;
  }
}
