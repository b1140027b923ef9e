import type { Clock, Millis } from '../../../ports/clock.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RunScript } from '../link/link.ts';
import { RecordedSteps, type RecordedStep } from './recorded-steps.ts';
import type { Reply } from '../link/replies.ts';
import { Epoch, Steps, type SendStep } from './steps.ts';
import { RedisClock } from '../link/redis-clock.ts';

/** The result of a registration in a partition. */
export interface Registered {
  /** The epoch that this one replaces; empty: none. What it held must be released. */
  readonly former: string;
  readonly revision: number;
  /**
   * Redis may have lost what this node has reported, and has not answered that it has all of it again. This is when it last answered
   * before. Undefined: nothing is missing.
   */
  readonly lostSince: Millis | undefined;
}

/** The answer to a heartbeat. */
interface HeartbeatAnswer {
  /** The time until something is due; undefined: nothing is due, or departures are held. */
  readonly dueMs: Millis | undefined;
  /** A dead epoch that this node must release; empty: none. */
  readonly deadEpoch: string;
  /** Departures wait for another heartbeat of this node. */
  readonly isAwaited: boolean;
}

export interface RegistrationOptions {
  readonly run: RunScript;
  readonly keys: PartitionKeys;
  readonly clock: Clock;
  /** The present moment that scripts must use (tests set it); empty: the time of the Redis server. */
  readonly present: () => string;
  readonly leaseMs: Millis;
  /** The maximum size of one event. */
  readonly messageBytes?: number | undefined;
  readonly newEpoch: () => string;
  /** The highest revision that this node has received. Redis must never use it or an earlier one again. */
  readonly revision: () => number;
  /** Called in the same turn as the registration, so that the steps started here come before all others. */
  readonly registered: (registered: Registered) => void;
  /** Redis has memory for new things again. The steps started here come before the recorded ones. */
  readonly memoryIsBack: () => void;
  /** A registration has failed: Redis cannot be reached, or refuses. */
  readonly failed: (error: unknown) => void;
}

/** The wait before another attempt to register. It doubles each time, up to the maximum. */
const firstRetryMs: Millis = 50;
const maxRetryMs: Millis = 1000;

/**
 * A node's registration in one partition. The node is registered under an epoch, and numbers its steps. A script takes a step only if
 * the epoch is registered and the number is the next one. So a step does no harm if it was sent twice, arrives late over a lost
 * connection, or was acknowledged and then lost by Redis. It is refused, and the node registers again and asserts all that it holds.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #steps: Steps;
  readonly #recorded: RecordedSteps;
  readonly #redisClock = new RedisClock();
  #epoch = new Epoch('');
  #former = '';
  #data: string | undefined;
  #dataVersion: string | undefined;
  /** The version of the data that has all that this node has reported. Undefined before the first registration. */
  #completeVersion: string | undefined;
  #lostSince: Millis | undefined;
  #state: 'unregistered' | 'registered' | 'closed' = 'unregistered';
  #isRegistering = false;
  #failures = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#recorded = new RecordedSteps(options.messageBytes ?? 0);
    this.#steps = new Steps({
      clock: options.clock,
      failed: (epoch, error) => {
        this.#abandon(epoch);
        if (error !== undefined) options.failed(error);
      },
    });
  }

  get epoch(): string {
    return this.#epoch.name;
  }

  /** The epoch before, which may not be released yet; empty: none. */
  get former(): string {
    return this.#former;
  }

  /**
   * The arguments by which a script decides whether Redis knows all that this node knows: epoch, number of the last step that is known to
   * be taken, and the highest revision that was received.
   */
  get knownPosition(): readonly (string | number)[] {
    return [this.#epoch.name, this.#epoch.taken, this.#options.revision()];
  }

  /**
   * Identifies the data, as Redis last reported it. It changes when Redis loses something that was written. Undefined while the node is
   * not registered, or there is no data yet.
   */
  get dataVersion(): string | undefined {
    return this.isRegistered ? this.#dataVersion : undefined;
  }

  get isRegistered(): boolean {
    return this.#state === 'registered';
  }

  /** When Redis last answered. */
  get lastAnswerAt(): Millis {
    return this.#steps.lastAnswerAt;
  }

  /** What was due before this moment has been reported. */
  get reportedUntil(): Millis {
    return this.#lostSince ?? this.lastAnswerAt;
  }

  /** Whether the last attempt to register has failed. */
  get isCutOff(): boolean {
    return this.#state === 'unregistered' && this.#failures > 0;
  }

  /** Whether Redis cannot be used at this moment: it refuses, or does not answer. */
  isUnreachable(at: Millis): boolean {
    return this.isCutOff || at - this.lastAnswerAt >= this.#options.leaseMs / 2;
  }

  /** Whether Redis has no memory left for anything new. */
  get isFull(): boolean {
    return this.#steps.isFull;
  }

  /** Converts a moment of this node's clock to Redis's time, accurate to a round trip. Undefined before the first answer. */
  toRedisTime(at: Millis): Millis | undefined {
    return this.#redisClock.at(at);
  }

  /** Whether no step or registration is under way. */
  get isIdle(): boolean {
    return this.#steps.areIdle && !this.#isRegistering && (this.isRegistered || this.#state === 'closed');
  }

  /** Registers, and tries again until it succeeds. Resolves once it has, or is closed. */
  async register(): Promise<void> {
    if (this.#isRegistering || this.#state === 'closed') return;
    this.#isRegistering = true;
    this.#state = 'unregistered';
    while (!(await this.#tryToRegister()) && !this.#isClosed()) {
      const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures);
      this.#failures += 1;
      await new Promise<void>((resolve) => void this.#options.clock.after(waitMs, resolve));
    }
  }

  /**
   * Sends a step. Undefined if it was not taken, or perhaps not; then the node registers again, and asserts what it holds by then. Steps
   * are taken in the order of the calls.
   */
  async step(send: SendStep): Promise<Reply | undefined> {
    if (this.#state !== 'registered') return undefined;
    return this.#steps.take(send, this.#epoch, this.#epoch.next());
  }

  /**
   * Sends a step that no assertion could replace. It is repeated until it is taken, once, and in order with the others. Resolves with
   * whether it was taken; false if too many steps had to wait.
   */
  record(send: SendStep, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const recorded = this.#recorded.add(send, bytes, resolve);
      // Steps that already wait for memory come first.
      if (this.#state === 'registered' && !this.isFull) void this.#send(recorded);
    });
  }

  /** Resolves once no recorded step waits any more. */
  flushed(): Promise<void> {
    return this.#recorded.flushed();
  }

  /**
   * Renews the lease. If Redis was full and has memory again, this also sends the steps that were recorded meanwhile. Undefined if Redis
   * did not answer.
   */
  async beat(): Promise<HeartbeatAnswer | undefined> {
    const epoch = this.#epoch;
    if (this.#state !== 'registered') return undefined;
    const { run, keys, present, leaseMs, revision, clock } = this.#options;
    const requestedAt = clock.now();
    try {
      const [status, due, deadEpoch, redisNow, isFull, isAwaited, data, lost] = await run(
        'heartbeat',
        [keys.state, keys.nodes, keys.due],
        [present(), keys.topic, epoch.name, epoch.taken, leaseMs, revision()],
      );
      this.#redisClock.learn(Number(redisNow), requestedAt, clock.now());
      if (epoch === this.#epoch) this.#dataVersion = dataVersionOf(data, lost);
      if (status === 'ok') this.#steps.lastAnswerAt = clock.now();
      else this.#abandon(epoch);
      this.#setFull(isFull === 1);
      // The heartbeat was sent after the steps by which this node has asserted everything.
      if (status === 'ok' && epoch === this.#epoch && this.isRegistered && !this.isFull) {
        this.#completeVersion = this.#dataVersion;
        this.#lostSince = undefined;
      }
      const dueMs = Number(due);
      return {
        dueMs: dueMs < 0 ? undefined : dueMs,
        deadEpoch: String(deadEpoch),
        isAwaited: isAwaited === 1,
      };
    } catch {
      this.#abandon(epoch);
      return undefined;
    }
  }

  /** The partition has new data with this identity, so what this node has reported may be lost. */
  dataReplaced(data: string): void {
    if (data !== this.#data) this.#abandon(this.#epoch);
  }

  /** Ends the registration. Other nodes may then release whatever the epoch still holds. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#isRegistering = false;
    this.#recorded.giveUp();
    // Also if the registration was lost: Redis may be back, and still know the epoch.
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
      revision: lastReceived,
      registered,
      failed,
      clock,
    } = this.#options;
    const former = this.#epoch;
    const epoch = new Epoch(newEpoch());
    const requestedAt = clock.now();
    try {
      const [data, revision, lastTaken, redisNow, lost] = await run(
        'register',
        [keys.state, keys.nodes],
        [
          present(),
          keys.topic,
          epoch.name,
          former.name,
          leaseMs,
          epoch.name,
          lastReceived(),
          this.#data ?? '',
          former.taken,
        ],
      );
      if (this.#isClosed()) return true;
      this.#redisClock.learn(Number(redisNow), requestedAt, clock.now());
      this.#isRegistering = false;
      this.#data = String(data);
      this.#dataVersion = dataVersionOf(data, lost);
      this.#completeVersion ??= this.#dataVersion;
      if (this.#dataVersion !== this.#completeVersion) this.#lostSince ??= this.lastAnswerAt;
      this.#former = former.name;
      this.#epoch = epoch;
      this.#failures = 0;
      this.#state = 'registered';
      this.#recorded.taken(former.name, Number(lastTaken));
      registered({ former: former.name, revision: Number(revision), lostSince: this.#lostSince });
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
    // Perhaps there was no memory for what was lost, so everything is asserted again.
    if (this.#lostSince !== undefined) return this.#abandon(this.#epoch);
    this.#options.memoryIsBack();
    this.#sendRecorded();
  }

  /** Sends all recorded steps that are not under way, unless they would be refused. */
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

  /** A step or heartbeat of this epoch has failed, so the epoch cannot be trusted any more. */
  #abandon(epoch: Epoch): void {
    if (epoch !== this.#epoch || this.#state !== 'registered') return;
    void this.register();
  }
}

function dataVersionOf(data: string | number = '', lost: string | number = ''): string | undefined {
  return data === '' ? undefined : `${data} ${lost}`;
}
