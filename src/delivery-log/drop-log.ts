import type { Clock } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { Sampler } from '../structures/sampler.ts';

/** The maximum number of channels in one line. Further ones get further lines. */
const channelsPerLine = 100;

interface Drops {
  readonly fields: LogFields;
  readonly reason: string;
  readonly names: Set<string>;
  readonly channels: Set<string>;
  events: number;
}

/**
 * Logs which events an endpoint will not get: the first immediately, those that follow closely in one line. Every channel is
 * named, so that their state can be checked even after the process has ended.
 */
export class DropLog {
  readonly #log: Log;
  readonly #sampler: Sampler<Drops>;

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#sampler = new Sampler(clock, (drops) => this.#write(drops));
  }

  /** `fields` identify the app, the endpoint and the delivery. */
  add(fields: LogFields, reason: string, events: readonly QueuedEvent[]): void {
    this.#sampler.add(reason, (unreported) => {
      const drops = unreported ?? { fields, reason, names: new Set(), channels: new Set(), events: 0 };
      drops.events += events.length;
      for (const { event } of events) {
        drops.names.add(event.name);
        drops.channels.add(event.channel);
      }
      return drops;
    });
  }

  /** Logs what is still unreported. */
  close(): void {
    this.#sampler.close();
  }

  #write({ fields, reason, names, channels, events }: Drops): void {
    const all = [...channels];
    for (let start = 0; start < all.length; start += channelsPerLine) {
      const named = all.slice(start, start + channelsPerLine);
      this.#log.warn(
        { ...fields, reason, events, names: [...names], channels: named, ofChannels: all.length },
        'webhook events dropped',
      );
    }
  }
}
