import type { Clock } from '../../ports/clock.ts';
import type { PublishSource, WitnessedTrigger } from '../../ports/witness.ts';
import { Ring } from '../../recording/ring.ts';
import type { PublishedEvent, PublishReceiver } from './published-event.ts';

/** What is kept at most. */
const bounds = { count: 10_000, bytes: 32 * 1024 * 1024 };

const mostReceivers = 1000;

/** What a record, and each of its receivers, take beside their texts, roughly. */
const overheadBytes = { record: 400, receiver: 150 };

/** What the log is made with. */
export interface PublishLogOptions {
  readonly clock: Clock;
  /** Who is sent what is published on these channels now, one connection left out. */
  readonly receiversOf: (appId: string, trigger: WitnessedTrigger) => readonly PublishReceiver[];
  /** Called after something has been recorded. */
  readonly changed: () => void;
}

interface Kept {
  readonly seq: number;
  readonly bytes: number;
  readonly event: PublishedEvent;
}

/** Keeps the latest events that were published, and who received each. */
export class PublishLog {
  readonly #options: PublishLogOptions;
  readonly #events = new Ring<Kept>(bounds);
  #made = 0;

  constructor(options: PublishLogOptions) {
    this.#options = options;
  }

  /** Those of one app or of all, the first first. */
  list(appId?: string): readonly PublishedEvent[] {
    const all = Array.from(this.#events.from(0), ({ event }) => event);
    return appId === undefined ? all : all.filter((event) => event.appId === appId);
  }

  /** The first one after another one that matches. */
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

  /** Forgets those of an app. */
  clear(appId: string): void {
    this.#events.deleteAll(({ event }) => event.appId === appId);
  }

  /** Hears of each event in the turn in which it is published: who is subscribed now is sent it. */
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
