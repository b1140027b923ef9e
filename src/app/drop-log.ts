import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { QueuedEvent } from '../webhooks/backlog.ts';

/** After one line the next drops are summed up for so long: a flood of drops must not be a flood of lines. */
const sumUpForMs: Millis = 1000;

/** The most channels that one line names. */
const namedChannels = 20;

/** Says which events an endpoint will not get: the first at once, those that follow closely in one line. */
export class DropLog {
  readonly #clock: Clock;
  readonly #log: Log;
  #unsaid: { fields: LogFields; reason: string; events: QueuedEvent[] } | undefined;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `fields` tell whose events they were. */
  add(fields: LogFields, reason: string, events: readonly QueuedEvent[]): void {
    if (this.#unsaid !== undefined && this.#unsaid.reason !== reason) this.#say();
    if (this.#unsaid === undefined) this.#unsaid = { fields, reason, events: [...events] };
    else this.#unsaid.events.push(...events);
    if (this.#cancel === undefined) this.#say();
  }

  /** Says what is still unsaid. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#unsaid !== undefined) this.#write();
  }

  #say(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#unsaid === undefined) return;
    this.#write();
    this.#cancel = this.#clock.after(sumUpForMs, () => this.#say());
  }

  #write(): void {
    if (this.#unsaid === undefined) return;
    const { fields, reason, events } = this.#unsaid;
    this.#unsaid = undefined;
    const channels = new Set(events.map(({ event }) => event.channel));
    const names = new Set(events.map(({ event }) => event.name));
    this.#log.warn(
      {
        ...fields,
        reason,
        events: events.length,
        names: [...names],
        channels: [...channels].slice(0, namedChannels),
        furtherChannels: Math.max(0, channels.size - namedChannels),
      },
      'webhook events dropped',
    );
  }
}
