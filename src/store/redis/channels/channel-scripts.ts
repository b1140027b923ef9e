import type { Millis } from '../../../ports/clock.ts';
import { checkedChannelName, type ChannelName } from '../../../protocol/channel-name.ts';
import type { Believer } from '../../../webhooks/debts.ts';
import type { ChannelKeys, PartitionKeys } from '../keys.ts';
import type { OutboxPosition } from '../deliveries/outbox-reader.ts';
import type { Registration } from './registration.ts';
import { toChannelDescription, type ChannelDescription, type Reply } from '../link/replies.ts';
import type { SendStep } from './steps.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** How many cached events are removed at a time. */
const namesPerCommand = 500;

/** A channel, and the keys where it is kept. */
export interface KeptChannel {
  readonly appId: string;
  readonly name: ChannelName;
  readonly keys: ChannelKeys;
}

/** The scripts for channels of one partition. Those that are no steps reject if Redis cannot be reached. */
export class ChannelScripts {
  readonly #options: Pick<RedisLedgerOptions, 'link' | 'present' | 'countSubscribers' | 'sendsCounts'>;
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

  /** Creates a step of this node. It is sent under the epoch and number that it receives. */
  step(
    script: 'join' | 'leave' | 'count' | 'cache' | 'append',
    { appId, name, keys }: KeptChannel,
    args: readonly (string | number)[],
  ): SendStep {
    const more = script === 'cache' ? [this.#keys.caches(appId)] : [];
    return (epoch, number) =>
      this.#options.link.run(
        script,
        [...keys(epoch), ...more],
        [...this.#head(appId, name), epoch, number, ...args],
      );
  }

  /** Removes the cached events of an app. If Redis does not answer, they stay until they expire. */
  async forgetCaches(appId: string): Promise<void> {
    const index = this.#keys.caches(appId);
    try {
      for (;;) {
        const found = await this.#options.link.commands.zpopmin(index, namesPerCommand);
        // A name and its score alternate.
        const names = found.filter((_, position) => position % 2 === 0);
        if (names.length === 0) return;
        await this.#options.link.commands.unlink(...names.map((name) => this.#keys.cached(appId, name)));
      }
    } catch {
      // Nothing depends on it.
    }
  }

  /** Reads what Redis knows of a channel. */
  async read(channel: KeptChannel): Promise<ChannelDescription> {
    return toChannelDescription(await this.#run('read', channel));
  }

  /**
   * Reads the state of a channel on all nodes. Undefined if Redis does not know everything. Counts reach Redis with a short delay, so
   * the connections of this node are counted here, and only those of other nodes come from Redis.
   */
  async show(channel: KeptChannel): Promise<ChannelDescription | undefined> {
    const { knownPosition, epoch, former } = this.#registration;
    const [status, ...known] = await this.#run('show', channel, [...knownPosition, `${epoch}\n${former}`]);
    if (status !== 'ok') return undefined;
    const description = toChannelDescription(known);
    const here = this.#options.countSubscribers(channel.appId, channel.name);
    return {
      ...description,
      isOccupied: description.isOccupied || here > 0,
      subscriptionCount: description.subscriptionCount + here,
    };
  }

  /** The argument that tells a script whether subscribers and webhooks receive the count of the channel. */
  sendsCounts(appId: string, name: string): '1' | '0' | '' {
    const isSent = this.#options.sendsCounts(appId, checkedChannelName(name));
    if (isSent === undefined) return '';
    return isSent ? '1' : '0';
  }

  /**
   * Sends an endpoint the events that change what it will believe of a channel into what webhooks have reported. Resolves with their
   * number; undefined if Redis does not know everything, or has events that the owner of the partition has not taken yet.
   */
  async reconcile(
    { appId, name, keys }: KeptChannel,
    { endpoint, believed }: Believer,
    { token, takenUntil }: OutboxPosition,
  ): Promise<number | undefined> {
    const { knownPosition, epoch } = this.#registration;
    const selected = [...endpoint.eventTypes].map((type) => ` ${type} `).join('');
    const beliefs = [...believed].flatMap(([subject, isThere]) => [
      subject,
      isThere === undefined ? '' : Number(isThere),
    ]);
    const [count] = await this.#options.link.run(
      'reconcile',
      [...keys(epoch), this.#keys.fence],
      [...this.#head(appId, name), ...knownPosition, token, takenUntil, endpoint.id, selected, ...beliefs],
    );
    return Number(count) < 0 ? undefined : Number(count);
  }

  async forgetCacheMiss(channel: KeptChannel, episode: string): Promise<void> {
    await this.#run('forget-miss', channel, [episode]);
  }

  /** Reports what is due for a channel. */
  async expire(appId: string, name: string): Promise<void> {
    const keys = this.#keys.channel(appId, name);
    await this.#run('expire', { appId, name, keys }, [this.sendsCounts(appId, name)]);
  }

  /** Releases a channel that a dead epoch held, with this grace period. Resolves with whether the epoch was really dead. */
  async release(
    epoch: string,
    { appId, name, graceMs }: { readonly appId: string; readonly name: string; readonly graceMs: Millis },
  ): Promise<boolean> {
    const keys = this.#keys.channel(appId, name)(epoch);
    const args = [...this.#head(appId, name), epoch, Math.ceil(graceMs), this.sendsCounts(appId, name)];
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
