import { isSentNow, newCountCadence, type CountCadence } from '../channels/count-cadence.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Outbox } from '../ports/outbox.ts';
import { channelKind, type ChannelName } from '../protocol/channel-name.ts';
import { encodeSubscriptionCount } from '../protocol/encode.ts';
import { DueHeap } from '../structures/due-heap.ts';
import { createAlarm, type Alarm } from '../structures/alarm.ts';
import type { LocalApp } from '../apps/local-app.ts';

/** What sending counts needs. */
export interface SubscriptionCountOptions {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly outbox: Pick<Outbox, 'append'>;
  /** The number of connections subscribed to a channel. Default: those to this thread. */
  readonly countSubscribers?: (appId: string, channel: ChannelName) => number;
}

/** Whether an app sends the number of connections of a channel. Presence channels have members instead. */
export function sendsCount({ config }: LocalApp, channel: ChannelName): boolean {
  if (!config.subscriptionCount) return false;
  const { access } = channelKind(channel);
  return access !== 'presence' && access !== 'user';
}

interface Counted {
  readonly app: LocalApp;
  readonly channel: ChannelName;
  readonly cadence: CountCadence;
}

/**
 * Sends subscribers and webhooks the number of connections of a channel, for apps that enable it: on each change or, above 100
 * connections, every five seconds and once more after the last change.
 */
export class SubscriptionCounts {
  readonly #options: SubscriptionCountOptions;
  readonly #counted = new Map<string, Counted>();
  readonly #due = new DueHeap<Counted>();
  readonly #alarm: Alarm;

  constructor(options: SubscriptionCountOptions) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, () => this.#sendDue());
  }

  /** A connection has joined or left the channel. */
  changed(app: LocalApp, channel: ChannelName): void {
    if (!sendsCount(app, channel)) return;
    const counted = this.#of(app, channel);
    const { cadence } = counted;
    const wasDue = cadence.dueAt !== undefined;
    if (isSentNow(cadence, this.#subscribers(app, channel), this.#options.clock.now())) {
      this.#send(counted);
    } else if (!wasDue && cadence.dueAt !== undefined) {
      this.#due.add(cadence.dueAt, counted);
      this.#alarm.set(cadence.dueAt);
    }
  }

  stop(): void {
    this.#alarm.stop();
  }

  #of(app: LocalApp, channel: ChannelName): Counted {
    const key = app.topic(channel);
    let counted = this.#counted.get(key);
    if (counted === undefined) {
      counted = { app, channel, cadence: newCountCadence() };
      this.#counted.set(key, counted);
    }
    return counted;
  }

  #subscribers(app: LocalApp, channel: ChannelName): number {
    const { countSubscribers } = this.#options;
    return countSubscribers?.(app.config.id, channel) ?? app.registry.subscribers(channel);
  }

  #send({ app, channel }: Counted): void {
    const appId = app.config.id;
    const count = this.#subscribers(app, channel);
    const isWanted = app.config.subscriptionCount;
    if (count === 0 || !isWanted) this.#counted.delete(app.topic(channel));
    // The app may have been reconfigured since the count was deferred.
    if (!isWanted) return;
    if (count > 0) {
      this.#options.fanout.publish(appId, channel, () => encodeSubscriptionCount(channel, count));
    }
    this.#options.outbox.append(appId, [{ name: 'subscription_count', channel, count }]);
  }

  #sendDue(): void {
    const at = this.#options.clock.now();
    for (let counted = this.#due.takeDue(at); counted !== undefined; counted = this.#due.takeDue(at)) {
      const { cadence } = counted;
      // It has been sent since, because the count fell below the threshold.
      if (cadence.dueAt === undefined || cadence.dueAt > at) continue;
      cadence.sentAt = at;
      cadence.dueAt = undefined;
      this.#send(counted);
    }
    this.#alarm.set(this.#due.nextDueAt ?? Infinity);
  }
}
