import type { Clock } from '../../ports/clock.ts';
import type { PublishSource, WitnessedTrigger } from '../../ports/witness.ts';
import { Ring } from '../../recording/ring.ts';
import type { PublishedEvent, PublishReceiver } from './published-event.ts';

/** The maximum that is kept. */
const bounds = { count: 10_000, bytes: 32 * 1024 * 1024 };

const mostReceivers = 1000;

/** The approximate size of a record, and of each receiver, in addition to their texts. */
const overheadBytes = { record: 400, receiver: 150 };

/** What the log needs. */
export interface PublishLogOptions {
  readonly clock: Clock;
  /** The connections that receive an event published on these channels now, except one. */
  readonly receiversOf: (appId: string, trigger: WitnessedTrigger) => readonly PublishReceiver[];
  /** Called after an event was recorded. */
  readonly changed: () => void;
}

interface Kept {
  readonly seq: number;
  readonly bytes: number;
  readonly event: PublishedEvent;
}

/** Keeps the latest published events, with the connections that received each. */
export class PublishLog {
  readonly #options: PublishLogOptions;
  readonly #events = new Ring<Kept>(bounds);
  #made = 0;

  constructor(options: PublishLogOptions) {
    this.#options = options;
  }

  /** The events of one app or of all apps, oldest first. */
  list(appId?: string): readonly PublishedEvent[] {
    const all = Array.from(this.#events.from(0), ({ event }) => event);
    return appId === undefined ? all : all.filter((event) => event.appId === appId);
  }

  /** The first matching event after another one. */
  first(
    appId: string | undefined,
    after: number,
    matches: (event: PublishedEvent) => boolean,
  ): PublishedEvent | undefined {
    for (const { event } of this.#events.from(after + 1)) {
      if ((appId === undefined || event.appId === appId) && matches(event)) return event;
    }
    return undefined;
  }

  /** Removes the events of an app. */
  clear(appId: string): void {
    this.#events.deleteAll(({ event }) => event.appId === appId);
  }

  /** Called for each event in the same turn in which it is published, so that the current subscribers are its receivers. */
  readonly published = (appId: string, trigger: WitnessedTrigger, source: PublishSource): void => {
    const { clock, receiversOf, changed } = this.#options;
    const { name, data, channels, except } = trigger;
    const all = receiversOf(appId, trigger);
    const receivers = all.slice(0, mostReceivers);
    this.#made += 1;
    this.#events.push({
      seq: this.#made,
      bytes:
        overheadBytes.record +
        data.length +
        channels.join().length +
        overheadBytes.receiver * receivers.length,
      event: {
        id: this.#made,
        appId,
        event: name,
        channels,
        data,
        ...(except !== undefined && { socket_id: except }),
        source,
        atMs: clock.now(),
        receiverCount: all.length,
        receivers,
      },
    });
    changed();
  };
}
