/**
 * What an attempt would be to its endpoint, best first:
 *
 * - `first`: the only one of an endpoint that answered the last one;
 * - `untried`: the only one of an endpoint of which nothing is known yet;
 * - `further`: one beside others that are under way;
 * - `silent`: one to an endpoint that gave no answer to the last one, or is failing.
 */
export type Claim = 'first' | 'untried' | 'further' | 'silent';

const claims: readonly Claim[] = ['first', 'untried', 'further', 'silent'];

/** Somebody who wants to start attempts. */
export interface Contender {
  /** What its next attempt would be. */
  readonly claim: Claim;
  /** There is a place for one attempt: it may take that, and then asks anew. */
  proceed(): void;
}

/** A place that was taken. */
export interface Place {
  readonly claim: Claim;
}

/** How attempts are spread over the turns of the event loop. */
export interface Turns {
  /** The most attempts that start before the event loop has gone round. */
  readonly starts: number;
  /** Runs it once the event loop has gone round. */
  readonly next: (run: () => void) => void;
}

/** How full it may be for an attempt with this claim to start, as a share of all places. */
const openUntil: Readonly<Record<Claim, number>> = {
  first: 1,
  untried: 3 / 4,
  further: 1 / 2,
  silent: 1 / 2,
};

/** So many of each claim start however full it is, as long as there is a place at all: nobody waits for ever. */
const guaranteed = 1 / 16;

/**
 * The places for attempts under way, over all endpoints. Endpoints that do not answer hold a place for as long as an
 * attempt may take, so they may fill but half of them; a quarter is kept for the first attempts of endpoints that answer.
 * Who finds no place waits in the order of asking, without a timer, and is called when there is one.
 */
export class AttemptPlaces {
  readonly #total: number;
  readonly #turns: Turns;
  readonly #taken: Record<Claim, number> = { first: 0, untried: 0, further: 0, silent: 0 };
  readonly #waiting: Readonly<Record<Claim, Set<Contender>>> = {
    first: new Set(),
    untried: new Set(),
    further: new Set(),
    silent: new Set(),
  };
  /** In which of these each waits. */
  readonly #waitsAs = new Map<Contender, Claim>();
  #underWay = 0;
  #startsLeft: number;
  #isServing = false;
  /** Whose turn it is: it need not stand behind the others. */
  #called: Contender | undefined;

  /** Without `turns` attempts start as they come. */
  constructor(total: number, turns: Turns = { starts: Infinity, next: () => {} }) {
    this.#total = total;
    this.#turns = turns;
    this.#startsLeft = turns.starts;
  }

  /** Attempts that hold a place. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Contenders that wait for a place. */
  get waiting(): number {
    return this.#waitsAs.size;
  }

  /** A place for one attempt; undefined: there is none now, and the contender is called when its turn has come. */
  take(contender: Contender): Place | undefined {
    const { claim } = contender;
    const isItsTurn = contender === this.#called || this.#waiting[claim].size === 0;
    if (!isItsTurn || this.#startsLeft <= 0 || !this.#isOpen(claim)) {
      this.#wait(contender, claim);
      return undefined;
    }
    this.#called = undefined;
    this.leave(contender);
    this.#underWay += 1;
    this.#taken[claim] += 1;
    this.#startsLeft -= 1;
    if (this.#startsLeft === 0) this.#turns.next(() => this.#turn());
    return { claim };
  }

  /** An attempt is over, or was not made after all. */
  giveBack({ claim }: Place): void {
    this.#underWay -= 1;
    this.#taken[claim] -= 1;
    this.#serve();
  }

  /** A contender waits no more. */
  leave(contender: Contender): void {
    const claim = this.#waitsAs.get(contender);
    if (claim === undefined) return;
    this.#waitsAs.delete(contender);
    this.#waiting[claim].delete(contender);
  }

  #wait(contender: Contender, claim: Claim): void {
    if (this.#waitsAs.get(contender) === claim) return;
    this.leave(contender);
    this.#waitsAs.set(contender, claim);
    this.#waiting[claim].add(contender);
  }

  #isOpen(claim: Claim): boolean {
    if (this.#underWay >= this.#total) return false;
    return this.#underWay < openUntil[claim] * this.#total || this.#isShort(claim);
  }

  #isShort(claim: Claim): boolean {
    return this.#taken[claim] < guaranteed * this.#total;
  }

  #turn(): void {
    this.#startsLeft = this.#turns.starts;
    this.#serve();
  }

  #serve(): void {
    // What is called may give back a place at once.
    if (this.#isServing) return;
    this.#isServing = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.leave(next);
      this.#called = next;
      next.proceed();
      this.#called = undefined;
    }
    this.#isServing = false;
  }

  #next(): Contender | undefined {
    if (this.#startsLeft <= 0 || this.#waitsAs.size === 0) return undefined;
    const served = claims.filter((one) => this.#waiting[one].size > 0 && this.#isOpen(one));
    const claim = served.find((one) => this.#isShort(one)) ?? served[0];
    if (claim === undefined) return undefined;
    const [longest] = this.#waiting[claim];
    return longest;
  }
}
