import { vi } from 'vitest';
import type { Application } from '../../../src/apps/application.ts';
import { DropJournal } from '../../../src/delivery-log/drop-journal.ts';
import type { RestoredBatch } from '../../../src/ports/delivery-source.ts';
import { silentLog } from '../../../src/ports/log.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../fake-clock.ts';
import { defaultPolicy } from '../property/delivery-shell.ts';
import { application, channelName, endpoint } from './application.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { FakeDeliveryStore } from './fake-delivery-store.ts';
import { FakeSender } from './fake-sender.ts';

export const one = endpoint({ id: 'one', url: 'http://one/' });
export const two = endpoint({ id: 'two', url: 'http://two/' });
export const serving = (...endpoints: (typeof one)[]): Application[] => [application({ endpoints })];
export const minute = 60_000;

export const occupied = (name: string): WebhookEvent => ({
  name: 'channel_occupied',
  channel: channelName(name),
});
export const missed = (name: string): WebhookEvent => ({
  name: 'cache_miss',
  channel: channelName(name),
  episode: '7',
});

interface RestoredParts {
  readonly event?: (name: string) => WebhookEvent;
  readonly ageMs?: number;
}

/** A dispatcher that works from a store. */
export function storeStage(endpoints = [one], batch: Partial<typeof defaultPolicy.batch> = {}) {
  const clock = new FakeClock(1_000_000);
  const sender = new FakeSender();
  const drops = new DropJournal();
  const store = new FakeDeliveryStore();
  const forgetCacheMiss = vi.fn();
  const log = { ...silentLog, warn: vi.fn() };
  const { dispatcher, append } = createDispatcher({
    clock,
    sender,
    log,
    drops,
    applications: serving(...endpoints),
    ledger: () => ({ forgetCacheMiss }),
    policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, ...batch } },
    store,
  });
  return {
    clock,
    sender,
    drops,
    store,
    forgetCacheMiss,
    log,
    dispatcher,
    append,
    /** The channel also serves as the event's position. */
    take: (
      channel: string,
      { ageMs = 0, settledFor = [] as string[], event = occupied(channel), appId = '1' } = {},
    ) => dispatcher.take(appId, event, { ref: channel, ageMs, settledFor: new Set(settledFor) }),
    restore: (
      endpointId: string,
      channels: readonly string[],
      { event = occupied, ageMs = 0, ...given }: Partial<RestoredBatch> & RestoredParts = {},
    ) =>
      dispatcher.restore({
        id: `old_${endpointId}`,
        appId: '1',
        endpointId,
        timeMs: 1_600_000_000_000,
        refs: channels,
        attempts: 0,
        delayMs: 0,
        events: channels.map((ref) => ({ event: event(ref), ref, ageMs, settledFor: new Set<string>() })),
        ...given,
      }),
  };
}
