import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { encodeEvent, type WebhookEvent } from '../../src/webhooks/event.ts';
import { findUndone } from '../../src/webhooks/undone.ts';
import { DeliveryShell, defaultPolicy } from '../support/property/delivery-shell.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { replay as replayReceived, type StateEvent } from '../support/webhook-state.ts';

const channel = 'presence-a' as ChannelName;

/** The events of a presence channel while users join, leave and type, starting from an empty channel. */
const history = fc
  .array(fc.record({ userId: fc.constantFrom('1', '2', '3'), types: fc.boolean() }), {
    maxLength: 40,
    size: 'max',
  })
  .map((steps) => {
    const present = new Set<string>();
    const events: WebhookEvent[] = [];
    for (const { userId, types } of steps) {
      if (types) events.push({ name: 'cache_miss', channel, episode: '1' });
      if (present.delete(userId)) {
        events.push({ name: 'member_removed', channel, userId });
        if (present.size === 0) events.push({ name: 'channel_vacated', channel });
        continue;
      }
      if (present.size === 0) events.push({ name: 'channel_occupied', channel });
      present.add(userId);
      events.push({ name: 'member_added', channel, userId });
    }
    return events;
  });

/** The state that a backend derives from the bodies of these events. */
function replay(events: readonly WebhookEvent[]) {
  return replayReceived(events.map((event) => JSON.parse(encodeEvent(event)) as StateEvent));
}

describe(seeded('events that cancel each other out'), () => {
  it('leave the same state when they are left out, whatever was reported before', () => {
    fc.assert(
      fc.property(history, fc.nat(80), (events, sent) => {
        const before = events.slice(0, sent);
        const waiting = events.slice(sent);
        const undone = new Set(findUndone(waiting, (event) => event));
        const rest = waiting.filter((event) => !undone.has(event));
        const state = replay([...before, ...rest]);
        assert.deepEqual(state, replay(events));
        assert.deepEqual(state.contradictions, []);
        // At most one event of each user and of the channel on either side of the last event of the channel itself.
        assert.ok(rest.filter(({ name }) => name !== 'cache_miss').length <= 7);
      }),
      runs(2000),
    );
  });
});

describe(seeded('a queue that many sources share'), () => {
  const flood = fc.record({
    channels: fc.integer({ min: 400, max: 1500 }),
    perTurn: fc.integer({ min: 50, max: 200 }),
    takesMs: fc.constantFrom(5, 50),
    deadForMs: fc.constantFrom(0, 20_000),
    honest: fc.constantFrom('news', 'private-news', 'presence-room'),
  });

  it(
    'delivers events of others in time and loses none of them, however many channels one source occupies and leaves',
    () => {
      fc.assert(
        fc.property(flood, ({ channels, perTurn, takesMs, deadForMs, honest }) => {
          // Several times what the attempts in progress can hold.
          const policy = { ...defaultPolicy, queueMaxBytes: 300_000 };
          const shell = new DeliveryShell(policy, (_batch, at) => ({ ok: at >= deadForMs, takesMs }));
          const others = [];
          for (let first = 0, turn = 0; first < channels; first += perTurn, turn += 1) {
            for (let index = first; index < first + perTurn; index += 1) {
              shell.push(`flood-${index}`, 'channel_occupied', 60, { source: 'bad' });
            }
            others.push(shell.push(`${honest}-${turn}`, 'channel_occupied', 60, { source: `good-${turn}` }));
            for (let index = first; index < first + perTurn; index += 1) {
              shell.push(`flood-${index}`, 'channel_vacated', 60, { source: 'bad' });
            }
            shell.advance(20);
          }
          shell.advance(120_000);
          shell.expectOrder();
          const lost = shell.drops.flatMap(({ events }) => events);
          assert.deepEqual(
            others.filter((event) => lost.includes(event)),
            [],
          );
          if (deadForMs > 0) return;
          const waits = others.map((event) => (shell.startedAt.get(event) ?? Infinity) - event.createdAt);
          // The batching delay, and until one of the attempts in progress ends, each of which takes one turn of each source.
          assert.ok(Math.max(...waits) <= defaultPolicy.batch.maxDelayMs + 2 * takesMs);
        }),
        runs(10),
      );
    },
    patienceMs,
  );

  it('leaves out what one source has cancelled out before it drops anything', () => {
    const shell = new DeliveryShell({ ...defaultPolicy, queueMaxBytes: 60_000 }, () => ({
      ok: false,
      takesMs: 0,
    }));
    for (let index = 0; index < 500; index += 1) {
      shell.push(`flood-${index}`, 'channel_occupied', 60, { source: 'bad' });
      shell.push(`flood-${index}`, 'channel_vacated', 60, { source: 'bad' });
    }
    assert.deepEqual(new Set(shell.drops.map(({ reason }) => reason)), new Set(['undone']));
  });
});
