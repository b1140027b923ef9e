import type { Clock, Millis } from '../../../src/ports/clock.ts';
import type {
  CachedEvent,
  ChannelState,
  Join,
  JoinAnswer,
  Leave,
  Ledger,
  SignIn,
} from '../../../src/ports/ledger.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';

/** A ledger that does at once what it is told, and answers joins and leaves after a while. */
export class DelayedLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #delays: readonly Millis[];
  #calls = 0;

  constructor(ledger: Ledger, clock: Clock, delays: readonly Millis[]) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#delays = delays;
  }

  join(join: Join): Promise<JoinAnswer> {
    const answer = this.#ledger.join(join) as JoinAnswer;
    if (answer.kind !== 'joined' || answer.members === undefined) return this.#later(answer);
    return this.#later({ ...answer, members: new Map(answer.members) });
  }

  leave(leave: Leave): Promise<void> {
    return this.#later(this.#ledger.leave(leave) as undefined);
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent): Promise<void> {
    return this.#later(this.#ledger.cacheEvent(appId, channel, event) as undefined);
  }

  async forgetCacheMiss(appId: string, channel: ChannelName, episode: string): Promise<void> {
    await this.#ledger.forgetCacheMiss(appId, channel, episode);
  }

  async channel(appId: string, channel: ChannelName): Promise<ChannelState> {
    return this.#ledger.channel(appId, channel);
  }

  async occupiedChannels(appId: string, prefix: string): Promise<readonly ChannelName[]> {
    return this.#ledger.occupiedChannels(appId, prefix);
  }

  async sweep(): Promise<Millis | undefined> {
    return this.#ledger.sweep();
  }

  signIn(signIn: SignIn): Promise<ReadonlySet<string>> {
    return this.#later(this.#ledger.signIn(signIn) as ReadonlySet<string>);
  }

  signOut(appId: string, userId: string): Promise<void> {
    return this.#later(this.#ledger.signOut(appId, userId) as undefined);
  }

  admitTriggers(appId: string, count: number, perSecond: number): Promise<boolean> {
    return this.#later(this.#ledger.admitTriggers(appId, count, perSecond) as boolean);
  }

  async retire(appId: string): Promise<void> {
    await this.#ledger.retire(appId);
  }

  #later<T>(value: T): Promise<T> {
    const delayMs = this.#delays[this.#calls % this.#delays.length] ?? 0;
    this.#calls += 1;
    return new Promise((resolve) => {
      this.#clock.after(delayMs, () => resolve(value));
    });
  }
}
