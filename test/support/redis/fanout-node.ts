import { onTestFinished } from 'vitest';
import type { Join } from '../../../src/ports/attendance.ts';
import type { Fanout } from '../../../src/ports/fanout.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { RedisFanout } from '../../../src/store/redis/fanout/fanout.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import { RedisLedger } from '../../../src/store/redis/ledger.ts';
import { RedisLink, type RedisClients } from '../../../src/store/redis/link/link.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noSlices } from '../turns.ts';

export const leaseMs = 10_000;

/**
 * A node that publishes, and records what its subscribers receive. It connects to Redis through `clients`.
 */
export class FanoutNode {
  readonly ledger: RedisLedger;
  readonly link: RedisLink;
  readonly clients: RedisClients;
  /** What subscribers of this node received, as `channel frame`. */
  readonly arrived: string[] = [];
  /** Messages of channels that Redis sent to this node, including its own. */
  sent = 0;
  readonly #fanout: RedisFanout;
  readonly #held = new Set<ChannelName>();

  constructor(clients: RedisClients, keyPrefix: string, { name, clock }: { name: string; clock: Clock }) {
    this.clients = clients;
    this.link = new RedisLink(clients);
    const partitions = allPartitions(keyPrefix);
    let epochs = 0;
    this.ledger = new RedisLedger({
      ...noSlices(),
      link: this.link,
      keyPrefix,
      leaseMs,
      graceMs: 0,
      clock,
      cacheTtlMs: 1000,
      log: silentLog,
      metrics: noMetrics,
      newEpoch: () => `${name}.${(epochs += 1)}`,
      notify: () => {},
      notifyCount: () => {},
      notifyWatchers: () => {},
      terminate: () => {},
      wake: () => {},
      countSubscribers: (_appId, channel) => (this.#held.has(channel) ? 1 : 0),
      countConnections: () => 0,
      sendsCounts: () => false,
      registered: () => {},
    });
    const local: Fanout = {
      publish: (_appId, channel, encode) => this.arrived.push(`${channel} ${encode(channel)}`),
      terminate: () => 'done',
    };
    this.#fanout = new RedisFanout({
      link: this.link,
      ledger: this.ledger,
      partitions,
      processId: name,
      local,
      near: local,
    });
    this.link.topics.handleOthers((message) => {
      this.sent += 1;
      this.#fanout.receive(message);
    });
    onTestFinished(() => this.link.close());
  }

  async start(): Promise<this> {
    await this.link.ready(systemClock, 10_000);
    await this.ledger.start();
    await this.ledger.beat();
    return this;
  }

  async join(channel: string, after?: Join['after']): Promise<void> {
    const name = channel as ChannelName;
    this.#held.add(name);
    const answer = { memberLimit: Infinity, readsCache: false, wantsCacheMiss: false };
    await this.ledger.join({ appId: 'a1', channel: name, ...answer, ...(after && { after }) });
  }

  leave(channel: string): void {
    const name = channel as ChannelName;
    this.#held.delete(name);
    this.ledger.leave({ appId: 'a1', channel: name, channelLingersMs: 0 });
  }

  publish(channel: string, text: string): void {
    this.#fanout.publish('a1', channel as ChannelName, () => text);
  }
}
