import type { Clock, Millis } from '../../../ports/clock.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RunScript } from '../link/link.ts';
import { RecordedSteps, type RecordedStep } from './recorded-steps.ts';
import type { Reply } from '../link/replies.ts';
import { Epoch, Steps, type SendStep } from './steps.ts';
import { RedisClock } from '../link/redis-clock.ts';

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
  readonly #steps: Steps;
  readonly #recorded: RecordedSteps;
  readonly #theirClock = new RedisClock();
  #epoch = new Epoch('');
  #former = '';
  #data: string | undefined;
  #life: string | undefined;
  #state: 'away' | 'registered' | 'closed' = 'away';
  #isRegistering = false;
  #failures = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#recorded = new RecordedSteps(options.messageBytes ?? 0);
    this.#steps = new Steps({
      clock: options.clock,
      failed: (epoch, error) => {
        this.#lose(epoch);
        if (error !== undefined) options.failed(error);
      },
    });
  }

  get epoch(): string {
    return this.#epoch.name;
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
    return [this.#epoch.name, this.#epoch.taken, this.#options.revision()];
  }

  /**
   * Which life of the data this is, as Redis said last: another one once it has lost something that was written. Undefined
   * while the node is not registered, or the data have not begun anew yet.
   */
  get run(): string | undefined {
    return this.isRegistered ? this.#life : undefined;
  }

  get isRegistered(): boolean {
    return this.#state === 'registered';
  }

  /** When Redis last answered. */
  get heardAt(): Millis {
    return this.#steps.heardAt;
  }

  /** The last attempt to register has failed. */
  get isAway(): boolean {
    return this.#state === 'away' && this.#failures > 0;
  }

  /** Whether Redis cannot be asked at this moment: it refuses, or is silent. */
  isUnreachable(at: Millis): boolean {
    return this.isAway || at - this.heardAt >= this.#options.leaseMs / 2;
  }

  /** Redis has no memory left for anything new. */
  get isFull(): boolean {
    return this.#steps.isFull;
  }

  /** A moment of this node's clock as Redis counts it, to within a round trip. Undefined before it has answered. */
  theirs(at: Millis): Millis | undefined {
    return this.#theirClock.at(at);
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#steps.areIdle && !this.#isRegistering && (this.isRegistered || this.#state === 'closed');
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
    return this.#steps.take(send, this.#epoch, this.#epoch.next());
  }

  /**
   * Has a step taken that no assertion could replace, sooner or later, once, and in order with the others.
   * Resolves with whether it was; not, if too many had to wait.
   */
  record(send: SendStep, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const recorded = this.#recorded.add(send, bytes, resolve);
      // What waits for memory comes first.
      if (this.#state === 'registered' && !this.isFull) void this.#send(recorded);
    });
  }

  /** Resolves once nothing that was recorded waits any more. */
  flushed(): Promise<void> {
    return this.#recorded.flushed();
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
        [present(), keys.topic, epoch.name, epoch.taken, leaseMs, revision()],
      );
      this.#theirClock.learn(Number(theirs), askedAt, clock.now());
      if (epoch === this.#epoch) this.#life = lifeOf(data, lost);
      if (status === 'ok') this.#steps.heardAt = clock.now();
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
    this.#recorded.giveUp();
    // Also if it was lost: Redis may be back, and know the epoch still.
    if (this.epoch === '') return;
    const { run, keys, present } = this.#options;
    await run('withdraw', [keys.state, keys.nodes], [present(), keys.topic, this.epoch]).catch(() => {});
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
    const epoch = new Epoch(newEpoch());
    const askedAt = clock.now();
    try {
      const [data, revision, lastTaken, theirs, lost] = await run(
        'register',
        [keys.state, keys.nodes],
        [
          present(),
          keys.topic,
          epoch.name,
          former.name,
          leaseMs,
          epoch.name,
          heard(),
          this.#data ?? '',
          former.taken,
        ],
      );
      if (this.#isClosed()) return true;
      this.#theirClock.learn(Number(theirs), askedAt, clock.now());
      this.#isRegistering = false;
      const isEmptied = this.#data !== undefined && this.#data !== data;
      // An epoch that is not known any more was reaped, or given up by all: what it did has been seen to.
      const isBehind = Number(lastTaken) >= 0 && Number(lastTaken) < former.taken;
      this.#data = String(data);
      this.#life = lifeOf(data, lost);
      this.#former = former.name;
      this.#epoch = epoch;
      this.#failures = 0;
      this.#state = 'registered';
      this.#recorded.taken(former.name, Number(lastTaken));
      registered({ former: former.name, revision: Number(revision), isDataLost: isEmptied || isBehind });
      this.#sendRecorded();
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  #setFull(isFull: boolean): void {
    if (this.isFull === isFull) return;
    this.#steps.isFull = isFull;
    if (this.#state !== 'registered' || isFull) return;
    this.#options.memoryIsBack();
    this.#sendRecorded();
  }

  /** All that is not under way already; not while it would be refused. */
  #sendRecorded(): void {
    if (this.isFull) return;
    for (const recorded of this.#recorded.notSentUnder(this.epoch)) void this.#send(recorded);
  }

  async #send(recorded: RecordedStep): Promise<void> {
    const epoch = this.#epoch;
    const sentAs = { epoch: epoch.name, number: epoch.next() };
    recorded.sentAs = sentAs;
    const reply = await this.#steps.take(recorded.send, epoch, sentAs.number);
    if (reply === undefined) return;
    if (reply[0] !== 'full') this.#recorded.settle(recorded, true);
    else if (recorded.sentAs === sentAs) recorded.sentAs = undefined;
  }

  /** Something under this epoch has gone wrong: it is not to be trusted any more. */
  #lose(epoch: Epoch): void {
    if (epoch !== this.#epoch || this.#state !== 'registered') return;
    void this.register();
  }
}

function lifeOf(data: string | number = '', lost: string | number = ''): string | undefined {
  return data === '' ? undefined : `${data} ${lost}`;
}
