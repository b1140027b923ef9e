import type { Millis } from '../../../ports/clock.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { ChannelKeys, PartitionKeys } from '../keys.ts';
import type { Registration } from './registration.ts';
import { toChannelDescription, type ChannelDescription, type Reply } from '../link/replies.ts';
import type { SendStep } from './steps.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** A channel, and where it is kept. */
export interface KeptChannel {
  readonly appId: string;
  readonly name: ChannelName;
  readonly keys: ChannelKeys;
}

/** The scripts of a channel, of one partition. Those that are no steps reject when Redis cannot be reached. */
export class ChannelScripts {
  readonly #options: Pick<RedisLedgerOptions, 'link' | 'present' | 'countSubscribers'>;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;

  constructor(options: RedisLedgerOptions, registration: Registration, keys: PartitionKeys) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
  }

  channel(appId: string, name: ChannelName): KeptChannel {
    return { appId, name, keys: this.#keys.channel(appId, name) };
  }

  /** A step of this node, to be sent under the epoch and the number that it gets. */
  step(
    script: 'join' | 'leave' | 'count' | 'cache' | 'append',
    { appId, name, keys }: KeptChannel,
    args: readonly (string | number)[],
  ): SendStep {
    return (epoch, number) =>
      this.#options.link.run(script, keys(epoch), [...this.#head(appId, name), epoch, number, ...args]);
  }

  /** What Redis knows of a channel at this moment. */
  async read(channel: KeptChannel): Promise<ChannelDescription> {
    return toChannelDescription(await this.#run('read', channel));
  }

  /**
   * What is true of a channel at this moment, on all nodes. Undefined: Redis does not know everything. Counts are reported
   * together, somewhat later: how many connections this node has is counted here, so that only those of the others may be
   * as many as they were a moment ago.
   */
  async show(channel: KeptChannel): Promise<ChannelDescription | undefined> {
    const { standing, epoch, former } = this.#registration;
    const [status, ...known] = await this.#run('show', channel, [...standing, `${epoch}\n${former}`]);
    if (status !== 'ok') return undefined;
    const description = toChannelDescription(known);
    const here = this.#options.countSubscribers(channel.appId, channel.name);
    return {
      ...description,
      isOccupied: description.isOccupied || here > 0,
      subscriptionCount: description.subscriptionCount + here,
    };
  }

  async forgetCacheMiss(channel: KeptChannel, episode: string): Promise<void> {
    await this.#run('forget-miss', channel, [episode]);
  }

  /** Reports what is due of a channel. */
  async expire(appId: string, name: string): Promise<void> {
    await this.#run('expire', { appId, name, keys: this.#keys.channel(appId, name) });
  }

  /** A dead epoch holds a channel no more; what it held may linger for so long. Whether it was dead indeed. */
  async release(
    epoch: string,
    { appId, name, lingersMs }: { readonly appId: string; readonly name: string; readonly lingersMs: Millis },
  ): Promise<boolean> {
    const keys = this.#keys.channel(appId, name)(epoch);
    const args = [...this.#head(appId, name), epoch, Math.ceil(lingersMs)];
    const [isDead] = await this.#options.link.run('release', keys, args);
    return isDead === 1;
  }

  #run(
    script: 'read' | 'show' | 'expire' | 'forget-miss',
    { appId, name, keys }: Pick<KeptChannel, 'appId' | 'keys'> & { readonly name: string },
    args: readonly (string | number)[] = [],
  ): Promise<Reply> {
    return this.#options.link.run(script, keys(this.#registration.epoch), [
      ...this.#head(appId, name),
      ...args,
    ]);
  }

  #head(appId: string, channel: string): readonly string[] {
    const { topic, wake } = this.#keys;
    const present = this.#options.present?.();
    return [present === undefined ? '' : String(present), topic, wake, appId, channel];
  }
}
