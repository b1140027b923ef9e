import type { Join, JoinAnswer, Leave } from '../../../src/ports/attendance.ts';
import type { CachedEvent } from '../../../src/ports/channel-caches.ts';
import type { ChannelState } from '../../../src/ports/channel-queries.ts';
import type { Clock, Millis } from '../../../src/ports/clock.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { SignIn } from '../../../src/ports/online-users.ts';
import type { Unavailable } from '../../../src/ports/unavailable.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';

/**
 * A ledger with latency. Each step takes effect after a delay, in the order of the calls. Joins are answered
 * after another delay, in any order except among joins of one connection. Everything else is answered when it
 * takes effect.
 */
export class DelayedLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #delays: readonly Millis[];
  readonly #waiting: (() => void)[] = [];
  readonly #answerDelays: readonly Millis[];
  /** The event of each cache channel, by app and channel. */
  readonly #cached = new Map<string, CachedEvent>();
  #calls = 0;
  #joins = 0;
  #lastAt = -Infinity;

  constructor(
    ledger: Ledger,
    clock: Clock,
    { delays, answerDelays = [] }: { delays: readonly Millis[]; answerDelays?: readonly Millis[] },
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#delays = delays;
    this.#answerDelays = answerDelays;
  }

  async join(join: Join): Promise<JoinAnswer> {
    const delayMs = this.#answerDelays[this.#joins % this.#answerDelays.length] ?? 0;
    this.#joins += 1;
    const answer = await this.#later(() => this.#ledger.join(join) as JoinAnswer);
    if (delayMs > 0) await new Promise<void>((resolve) => void this.#clock.after(delayMs, resolve));
    await join.after;
    if (answer.kind !== 'joined' || !join.readsCache) return answer;
    // The members are always those of this moment.
    const cached = this.#cached.get(`${join.appId}/${join.channel}`);
    return { ...answer, ...(cached && { cached }) };
  }

  leave(leave: Leave): Promise<void> {
    return this.#later(() => this.#ledger.leave(leave) as undefined);
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): Promise<void> {
    return this.#later(() => {
      this.#cached.set(`${appId}/${channel}`, event);
      return this.#ledger.cacheEvent(appId, channel, event, except) as undefined;
    });
  }

  async forgetCacheMiss(appId: string, channel: ChannelName, episode: string): Promise<void> {
    await this.#ledger.forgetCacheMiss(appId, channel, episode);
  }

  async channel(appId: string, channel: ChannelName): Promise<ChannelState | Unavailable> {
    return this.#ledger.channel(appId, channel);
  }

  async occupiedChannels(
    ...step: Parameters<Ledger['occupiedChannels']>
  ): Promise<readonly ChannelName[] | Unavailable> {
    return this.#ledger.occupiedChannels(...step);
  }

  async sweep(): Promise<Millis | undefined> {
    return this.#ledger.sweep();
  }

  signIn(signIn: SignIn): Promise<ReadonlySet<string>> {
    return this.#later(() => this.#ledger.signIn(signIn) as ReadonlySet<string>);
  }

  unwatch(appId: string, watched: readonly string[]): void {
    this.#ledger.unwatch(appId, watched);
  }

  signOut(appId: string, userId: string): Promise<void> {
    return this.#later(() => this.#ledger.signOut(appId, userId) as undefined);
  }

  admitTriggers(appId: string, count: number, perSecond: number): Promise<boolean> {
    return this.#later(() => this.#ledger.admitTriggers(appId, count, perSecond) as boolean);
  }

  async retire(appId: string): Promise<void> {
    while (this.#waiting.length > 0) this.#takeOne();
    await this.#ledger.retire(appId);
  }

  #later<T>(step: () => T): Promise<T> {
    const delayMs = this.#delays[this.#calls % this.#delays.length] ?? 0;
    this.#calls += 1;
    const now = this.#clock.now();
    this.#lastAt = Math.max(this.#lastAt, now + delayMs);
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(step()));
      this.#clock.after(this.#lastAt - now, () => this.#takeOne());
    });
  }

  #takeOne(): void {
    this.#waiting.shift()?.();
  }
}
