/**
 * The kinds of attempts, by what the endpoint did before. The best comes first:
 *
 * - `first`: the only attempt to an endpoint that answered the previous one;
 * - `untried`: the only attempt to an endpoint of which nothing is known yet;
 * - `further`: an attempt beside others to the same endpoint;
 * - `silent`: an attempt to an endpoint that did not answer the previous one, or is failing.
 */
export type Claim = 'first' | 'untried' | 'further' | 'silent';

const claims: readonly Claim[] = ['first', 'untried', 'further', 'silent'];

/** Something that wants to start attempts. */
export interface Contender {
  /** The kind of its next attempt. */
  readonly claim: Claim;
  /** Called when there is a place for one attempt. The contender may take it, and then has to ask again. */
  proceed(): void;
}

/** A place that is taken. */
export interface Place {
  readonly claim: Claim;
}

/** How the starts of attempts are spread over the turns of the event loop. */
export interface StartPacing {
  /** The maximum number of attempts that start in one turn of the event loop. */
  readonly starts: number;
  /** Runs a function in the next turn of the event loop. */
  readonly next: (run: () => void) => void;
}

/** The share of all places that may be taken when an attempt of this kind starts. */
const openUntil: Readonly<Record<Claim, number>> = {
  first: 1,
  untried: 3 / 4,
  further: 1 / 2,
  silent: 1 / 2,
};

/** The share of places that each kind can always use while any place is free, so that nobody waits forever. */
const guaranteed = 1 / 16;

/**
 * The places for attempts in progress, over all endpoints. An endpoint that does not answer holds a place for the whole
 * duration of an attempt, so such endpoints may fill only half of the places. A quarter is reserved for the first attempts of
 * endpoints that answer. A contender without a place waits in the order of asking, without a timer, and is called when a
 * place is free.
 */
export class AttemptPlaces {
  readonly #total: number;
  readonly #turns: StartPacing;
  readonly #taken: Record<Claim, number> = { first: 0, untried: 0, further: 0, silent: 0 };
  readonly #waiting: Readonly<Record<Claim, Set<Contender>>> = {
    first: new Set(),
    untried: new Set(),
    further: new Set(),
    silent: new Set(),
  };
  /** The kind under which each contender waits. */
  readonly #waitsAs = new Map<Contender, Claim>();
  #underWay = 0;
  #startsLeft: number;
  #isServing = false;
  /** The contender that is being called. It does not have to queue behind the others. */
  #called: Contender | undefined;

  /** Without `turns`, attempts start without delay. */
  constructor(total: number, turns: StartPacing = { starts: Infinity, next: () => {} }) {
    this.#total = total;
    this.#turns = turns;
    this.#startsLeft = turns.starts;
  }

  /** The number of attempts that hold a place. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The number of contenders that wait for a place. */
  get waiting(): number {
    return this.#waitsAs.size;
  }

  /** Takes a place for one attempt. Undefined if none is free; the contender is then called when its turn comes. */
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

  /** Returns a place: the attempt has ended, or was not made. */
  giveBack({ claim }: Place): void {
    this.#underWay -= 1;
    this.#taken[claim] -= 1;
    this.#serve();
  }

  /** The contender no longer waits. */
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
    // The called contender may return a place immediately.
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
