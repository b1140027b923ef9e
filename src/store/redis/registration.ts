import type { Clock, Millis } from '../../ports/clock.ts';
import type { PartitionKeys } from './keys.ts';
import type { RunScript } from './link.ts';
import type { Reply } from './replies.ts';
import { TheirClock } from './their-clock.ts';

/** Runs a step's script under this epoch and number. */
export type SendStep = (epoch: string, number: number) => Promise<Reply>;

/** A step that is worth repeating, until it is known to be taken. */
interface Recorded {
  readonly send: SendStep;
  readonly bytes: number;
  readonly settle: (isTaken: boolean) => void;
  /** Under which epoch and number it was sent last; undefined: not yet. */
  sentAs: { readonly epoch: string; readonly number: number } | undefined;
}

/** What a node is told when a partition has registered it. */
export interface Registered {
  /** The epoch that this one replaces; empty: none. What it held is to be released. */
  readonly former: string;
  readonly revision: number;
  /** The partition has lost everything that it knew, or steps that this node knew to be taken. */
  readonly isDataLost: boolean;
}

/** What a heartbeat is answered. */
interface Beat {
  /** Until something is due; undefined: nothing is, or departures are held. */
  readonly dueMs: Millis | undefined;
  /** A dead epoch to be released; empty: none. */
  readonly dead: string;
  /** Departures wait for another heartbeat of this node. */
  readonly isAwaited: boolean;
}

export interface RegistrationOptions {
  readonly run: RunScript;
  readonly keys: PartitionKeys;
  readonly clock: Clock;
  /** The present moment as the scripts are to take it; empty: Redis's own. */
  readonly present: () => string;
  readonly leaseMs: Millis;
  /** The most bytes of one event. */
  readonly messageBytes?: number | undefined;
  readonly newEpoch: () => string;
  /** The last revision of which this node has heard: Redis must not give it, or an earlier one, again. */
  readonly revision: () => number;
  /** Called in the very turn of the registration: the steps begun here come before all others. */
  readonly registered: (registered: Registered) => void;
  /** Redis has memory for what is new again: the steps begun here come before those that were recorded. */
  readonly memoryIsBack: () => void;
  /** A registration has failed: Redis cannot be reached, or refuses. */
  readonly failed: (error: unknown) => void;
}

/** Steps that wait to be taken, at most: beyond, the oldest are given up. Two of the largest may wait in any case. */
const recordedSteps = 10_000;
const leastRecordedBytes = 16 * 1024 * 1024;

/** The wait before a registration is tried again: doubled each time, up to the longest. */
const firstRetryMs: Millis = 50;
const longestRetryMs: Millis = 1000;

/**
 * A node's standing in one partition. The node is registered under an epoch, and numbers its steps; a script
 * takes a step only if the epoch is registered and the number is the next. So a step that was sent twice,
 * or late over a lost connection, or that Redis has lost after it had acknowledged it, cannot do harm: it
 * is refused, and the node registers afresh and asserts anew all that it has.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  #epoch = '';
  #former = '';
  #data: string | undefined;
  #life: string | undefined;
  #sent = 0;
  /** The last step that is known to be taken. */
  #taken = 0;
  #state: 'away' | 'registered' | 'closed' = 'away';
  #isRegistering = false;
  #failures = 0;
  #heardAt: Millis = -Infinity;
  #isFull = false;
  readonly #theirClock = new TheirClock();
  #recorded: Recorded[] = [];
  #recordedBytes = 0;
  readonly #mostRecordedBytes: number;
  #whenFlushed: (() => void)[] = [];
  #inFlight = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#mostRecordedBytes = Math.max(leastRecordedBytes, 2 * (options.messageBytes ?? 0));
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The one before, which may not be released yet; empty: none. */
  get former(): string {
    return this.#former;
  }

  /**
   * What a script needs to tell whether Redis knows all that this node knows: epoch, last step that is known to be
   * taken, and the last revision that was heard.
   */
  get standing(): readonly (string | number)[] {
    return [this.#epoch, this.#taken, this.#options.revision()];
  }

  /**
   * Which life of the data this is, as Redis said last: another one once it has lost something that was written. Undefined
   * while the node is not registered, or the data have not begun anew yet.
   */
  get life(): string | undefined {
    return this.isRegistered ? this.#life : undefined;
  }

  get isRegistered(): boolean {
    return this.#state === 'registered';
  }

  /** When Redis last answered. */
  get heardAt(): Millis {
    return this.#heardAt;
  }

  /** The last attempt to register has failed. */
  get isAway(): boolean {
    return this.#state === 'away' && this.#failures > 0;
  }

  /** Whether Redis cannot be asked at this moment: it refuses, or is silent. */
  isUnreachable(at: Millis): boolean {
    return this.isAway || at - this.#heardAt >= this.#options.leaseMs / 2;
  }

  /** Redis has no memory left for anything new. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** A moment of this node's clock as Redis counts it, to within a round trip. Undefined before it has answered. */
  theirs(at: Millis): Millis | undefined {
    return this.#theirClock.at(at);
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && !this.#isRegistering && (this.isRegistered || this.#state === 'closed');
  }

  /** Registers, or tries until it can. Resolves when it has, or when it is closed. */
  async register(): Promise<void> {
    if (this.#isRegistering || this.#state === 'closed') return;
    this.#isRegistering = true;
    this.#state = 'away';
    while (!(await this.#tryToRegister()) && !this.#isClosed()) {
      const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures);
      this.#failures += 1;
      await new Promise<void>((resolve) => void this.#options.clock.after(waitMs, resolve));
    }
  }

  /**
   * Has a step taken. Undefined: it was not, or may not have been; the node registers afresh, and what it
   * has by then is asserted. Steps are taken in the order of the calls.
   */
  async step(send: SendStep): Promise<Reply | undefined> {
    if (this.#state !== 'registered') return undefined;
    const epoch = this.#epoch;
    this.#sent += 1;
    return this.#follow(send, epoch, this.#sent);
  }

  /**
   * Has a step taken that no assertion could replace, sooner or later, once, and in order with the others.
   * Resolves with whether it was; not, if too many had to wait.
   */
  record(send: SendStep, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const recorded: Recorded = { send, bytes, settle: resolve, sentAs: undefined };
      this.#recorded.push(recorded);
      this.#recordedBytes += bytes;
      while (this.#recorded.length > recordedSteps || this.#recordedBytes > this.#mostRecordedBytes) {
        const [oldest] = this.#recorded;
        if (oldest !== undefined) this.#settle(oldest, false);
      }
      // What waits for memory comes first.
      if (this.#state === 'registered' && !this.#isFull) void this.#send(recorded);
    });
  }

  /** Resolves once nothing that was recorded waits any more. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#recorded.length === 0) resolve();
      else this.#whenFlushed.push(resolve);
    });
  }

  /**
   * Keeps the lease. Answers the milliseconds until something is due, a dead epoch to be released, and whether Redis waits
   * for another heartbeat of this node. When Redis was full and is no more, what was recorded meanwhile is sent.
   */
  async beat(): Promise<Beat | undefined> {
    const epoch = this.#epoch;
    if (this.#state !== 'registered') return undefined;
    const { run, keys, present, leaseMs, revision, clock } = this.#options;
    const askedAt = clock.now();
    try {
      const [status, due, dead, theirs, isFull, isAwaited, data, lost] = await run(
        'heartbeat',
        [keys.state, keys.nodes, keys.due],
        [present(), keys.topic, epoch, this.#taken, leaseMs, revision()],
      );
      this.#theirClock.learn(Number(theirs), askedAt, clock.now());
      if (epoch === this.#epoch) this.#life = lifeOf(data, lost);
      if (status === 'ok') this.#heardAt = clock.now();
      else this.#lose(epoch);
      this.#setFull(isFull === 1);
      const dueMs = Number(due);
      return { dueMs: dueMs < 0 ? undefined : dueMs, dead: String(dead), isAwaited: isAwaited === 1 };
    } catch {
      this.#lose(epoch);
      return undefined;
    }
  }

  /** The partition begins with this data: what this node has said before is lost. */
  begun(data: string): void {
    if (data !== this.#data) this.#lose(this.#epoch);
  }

  /** Ends the registration: whatever the epoch still holds may be released by others at once. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#isRegistering = false;
    for (const recorded of Array.from(this.#recorded)) this.#settle(recorded, false);
    // Also if it was lost: Redis may be back, and know the epoch still.
    if (this.#epoch === '') return;
    const { run, keys, present } = this.#options;
    await run('withdraw', [keys.state, keys.nodes], [present(), keys.topic, this.#epoch]).catch(() => {});
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #tryToRegister(): Promise<boolean> {
    const {
      run,
      keys,
      present,
      leaseMs,
      newEpoch,
      revision: heard,
      registered,
      failed,
      clock,
    } = this.#options;
    const former = this.#epoch;
    const epoch = newEpoch();
    const askedAt = clock.now();
    try {
      const [data, revision, lastTaken, theirs, lost] = await run(
        'register',
        [keys.state, keys.nodes],
        [present(), keys.topic, epoch, former, leaseMs, epoch, heard(), this.#data ?? '', this.#taken],
      );
      if (this.#isClosed()) return true;
      this.#theirClock.learn(Number(theirs), askedAt, clock.now());
      this.#isRegistering = false;
      const isEmptied = this.#data !== undefined && this.#data !== data;
      // An epoch that is not known any more was reaped, or given up by all: what it did has been seen to.
      const isBehind = Number(lastTaken) >= 0 && Number(lastTaken) < this.#taken;
      this.#data = String(data);
      this.#life = lifeOf(data, lost);
      this.#former = former;
      this.#epoch = epoch;
      this.#sent = 0;
      this.#taken = 0;
      this.#failures = 0;
      this.#state = 'registered';
      this.#forgetTaken(former, Number(lastTaken));
      registered({ former, revision: Number(revision), isDataLost: isEmptied || isBehind });
      this.#sendRecorded();
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  #forgetTaken(epoch: string, lastTaken: number): void {
    for (const recorded of Array.from(this.#recorded)) {
      const { sentAs } = recorded;
      if (sentAs?.epoch === epoch && sentAs.number <= lastTaken) this.#settle(recorded, true);
    }
  }

  #setFull(isFull: boolean): void {
    if (this.#isFull === isFull) return;
    this.#isFull = isFull;
    if (this.#state !== 'registered' || isFull) return;
    this.#options.memoryIsBack();
    this.#sendRecorded();
  }

  /** All that is not under way already; not while it would be refused. */
  #sendRecorded(): void {
    if (this.#isFull) return;
    for (const recorded of Array.from(this.#recorded)) {
      if (recorded.sentAs?.epoch !== this.#epoch) void this.#send(recorded);
    }
  }

  async #send(recorded: Recorded): Promise<void> {
    this.#sent += 1;
    const epoch = this.#epoch;
    const number = this.#sent;
    const sentAs = { epoch, number };
    recorded.sentAs = sentAs;
    const reply = await this.#follow(recorded.send, epoch, number);
    if (reply === undefined) return;
    if (reply[0] !== 'full') this.#settle(recorded, true);
    else if (recorded.sentAs === sentAs) recorded.sentAs = undefined;
  }

  async #follow(send: SendStep, epoch: string, number: number): Promise<Reply | undefined> {
    this.#inFlight += 1;
    try {
      const reply = await send(epoch, number);
      if (reply[0] === 'unknown' || reply[0] === 'gap') {
        this.#lose(epoch);
        return undefined;
      }
      if (epoch === this.#epoch) this.#taken = Math.max(this.#taken, number);
      this.#heardAt = this.#options.clock.now();
      if (reply[0] === 'full') this.#isFull = true;
      return reply;
    } catch (error) {
      this.#lose(epoch);
      this.#options.failed(error);
      return undefined;
    } finally {
      this.#inFlight -= 1;
    }
  }

  #settle(recorded: Recorded, isTaken: boolean): void {
    const index = this.#recorded.indexOf(recorded);
    if (index < 0) return;
    this.#recorded.splice(index, 1);
    this.#recordedBytes -= recorded.bytes;
    recorded.settle(isTaken);
    if (this.#recorded.length > 0) return;
    const waiting = this.#whenFlushed;
    this.#whenFlushed = [];
    for (const resolve of waiting) resolve();
  }

  /** Something under this epoch has gone wrong: it is not to be trusted any more. */
  #lose(epoch: string): void {
    if (epoch !== this.#epoch || this.#state !== 'registered') return;
    void this.register();
  }
}

function lifeOf(data: string | number = '', lost: string | number = ''): string | undefined {
  return data === '' ? undefined : `${data} ${lost}`;
}
