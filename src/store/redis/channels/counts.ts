import type { ChannelScripts } from './channel-scripts.ts';
import type { HeldChannel } from './held.ts';
import type { Registration } from './registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** How many connections of all nodes are subscribed to a channel, as of a revision. */
export interface Counted {
  readonly revision: number;
  readonly count: number;
}

/** The dependencies of the counts. */
export interface CountsOptions extends Pick<
  RedisLedgerOptions,
  'countSubscribers' | 'notifyCount' | 'sendsCounts'
> {
  readonly registration: Registration;
  readonly scripts: ChannelScripts;
}

/** The subscription counts of the channels of one partition. */
export class Counts {
  readonly #options: CountsOptions;
  readonly #changed = new Set<HeldChannel>();

  constructor(options: CountsOptions) {
    this.#options = options;
  }

  /** The arguments of a step with the number of subscribers on this node: that number, and whether counts are sent. */
  report(held: HeldChannel): readonly [number, string] {
    const { appId, name } = held;
    held.reported = this.#options.countSubscribers(appId, name);
    return [held.reported, this.#options.scripts.sendsCounts(appId, name)];
  }

  /** Notes that the number of subscribers on this node may have changed. The next `reportAll` reports it. */
  changed(held: HeldChannel): void {
    this.#changed.add(held);
    const { countToRepeat } = held;
    if (countToRepeat === undefined) return;
    held.countToRepeat = undefined;
    if (this.#areSent(held)) this.#options.notifyCount(held.appId, held.name, countToRepeat);
  }

  reportAll(): void {
    const { registration, scripts } = this.#options;
    for (const held of this.#changed) {
      const before = held.reported;
      const args = this.report(held);
      if (held.reported !== before) void registration.step(scripts.step('count', held, args));
    }
    this.#changed.clear();
  }

  /** The channel has no subscriber on this node any more. */
  forget(held: HeldChannel): void {
    this.#changed.delete(held);
  }

  /**
   * Sends subscribers a count from a notice, unless the notice is older than a count that they were sent already, than the end of sending
   * counts, or (0) than the subscribers themselves.
   */
  notify(held: HeldChannel, { revision, count }: Counted): void {
    if (count === 0 || revision < held.sent.revision || !this.#areSent(held)) return;
    held.sent = { revision, count };
    // Without it, an earlier count could be repeated after this one.
    held.countToRepeat = held.joining > 0 ? count : undefined;
    this.#options.notifyCount(held.appId, held.name, count);
  }

  /** Sends subscribers the count from a snapshot if they have missed its notice. 0: none was sent. */
  notifyMissed(held: HeldChannel, counted: Counted): void {
    if (counted.count !== held.sent.count) this.notify(held, counted);
  }

  #areSent({ appId, name }: HeldChannel): boolean {
    return this.#options.sendsCounts(appId, name) === true;
  }
}
