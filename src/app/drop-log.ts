import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { QueuedEvent } from '../webhooks/backlog.ts';

/** After one report the next drops are summed up for so long: a flood of drops must not be a flood of lines. */
const sumUpForMs: Millis = 1000;

/** The channels that one line names; further ones get further lines. */
const channelsPerLine = 100;

interface Unsaid {
  readonly fields: LogFields;
  readonly reason: string;
  readonly names: Set<string>;
  readonly channels: Set<string>;
  events: number;
}

/**
 * Says which events an endpoint will not get: the first at once, those that follow closely together. Every
 * channel is named, for whoever has to find out the truth of them when the process has ended.
 */
export class DropLog {
  readonly #clock: Clock;
  readonly #log: Log;
  #unsaid: Unsaid | undefined;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `fields` tell whose events they were. */
  add(fields: LogFields, reason: string, events: readonly QueuedEvent[]): void {
    if (this.#unsaid !== undefined && this.#unsaid.reason !== reason) this.#say();
    this.#unsaid ??= { fields, reason, names: new Set(), channels: new Set(), events: 0 };
    this.#unsaid.events += events.length;
    for (const { event } of events) {
      this.#unsaid.names.add(event.name);
      this.#unsaid.channels.add(event.channel);
    }
    if (this.#cancel === undefined) this.#say();
  }

  /** Says what is still unsaid, and is silent from then on. */
  close(): void {
    this.#say();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #say(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#unsaid === undefined) return;
    const { fields, reason, names, channels, events } = this.#unsaid;
    this.#unsaid = undefined;
    const all = [...channels];
    for (let start = 0; start < all.length; start += channelsPerLine) {
      const named = all.slice(start, start + channelsPerLine);
      this.#log.warn(
        { ...fields, reason, events, names: [...names], channels: named, ofChannels: all.length },
        'webhook events dropped',
      );
    }
    this.#cancel = this.#clock.after(sumUpForMs, () => this.#say());
  }
}
