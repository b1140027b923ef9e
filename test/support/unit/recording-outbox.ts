import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import { expect } from 'vitest';
import type { Outbox } from '../../../src/ports/outbox.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';

/** Records what was appended. */
export class RecordingOutbox implements Outbox {
  kept: () => MaybePromise<void> = () => undefined;
  readonly #events: { readonly appId: string; readonly event: WebhookEvent }[] = [];

  append(appId: string, events: readonly WebhookEvent[]): void {
    for (const event of events) this.#events.push({ appId, event });
  }

  /** Expects the next event, of app 1 by default. Its source counts only if `expected` names one. */
  expectEvent(expected: object, appId = '1'): void {
    const next = this.#events.shift();
    const { source, ...fields } = next?.event ?? {};
    const event = 'source' in expected ? { ...fields, source } : fields;
    expect({ appId: next?.appId, event }).toEqual({ appId, event: expected });
  }

  expectNothing(): void {
    expect(this.#events).toEqual([]);
  }

  /** Takes all events as lines: name, channel, user. */
  takeLines(): string[] {
    return this.#events
      .splice(0)
      .map(({ event }) =>
        'userId' in event && event.userId !== undefined
          ? `${event.name} ${event.channel} ${event.userId}`
          : `${event.name} ${event.channel}`,
      );
  }
}
