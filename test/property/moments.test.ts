import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { twoApps } from '../support/property/stack-walk.ts';
import { Stack, type StackOptions } from '../support/property/stack.ts';

const [app, otherApp] = twoApps;

function begin(options: Partial<StackOptions> = {}): Stack {
  return new Stack({ applications: twoApps, policy: defaultPolicy, ...options });
}

/** What an endpoint has accepted so far. */
function taken(stack: Stack, endpoint: string): string[] {
  return (stack.receivers.get(`http://receiver/${endpoint}`)?.taken ?? []).map(({ name }) => name);
}

describe('the timing of the whole program', () => {
  it('delivers what happens within 250 ms', async () => {
    const stack = begin();
    stack.connect(app).subscribe('room');
    await stack.clock.advance(249);
    expect(taken(stack, 'a-all')).toEqual([]);
    // The response takes 5 ms.
    await stack.clock.advance(6);
    expect(taken(stack, 'a-all')).toEqual(['channel_occupied']);
  });

  it('gives a lost connection its grace and an unsubscribe its own', async () => {
    const stack = begin({ grace: { disconnectMs: 3000, unsubscribeMs: 1000 } });
    const [leaver, loser] = [stack.connect(app), stack.connect(otherApp)];
    leaver.subscribe('room');
    loser.subscribe('room');
    await stack.clock.advance(10_000);
    leaver.unsubscribe('room');
    loser.disconnect();
    await stack.clock.advance(1249);
    expect(taken(stack, 'a-all')).toEqual(['channel_occupied']);
    await stack.clock.advance(6);
    expect(taken(stack, 'a-all')).toEqual(['channel_occupied', 'channel_vacated']);
    await stack.clock.advance(1994);
    expect(taken(stack, 'b-all')).toEqual(['channel_occupied']);
    await stack.clock.advance(6);
    expect(taken(stack, 'b-all')).toEqual(['channel_occupied', 'channel_vacated']);
  });

  it('makes no attempt five minutes after an event', async () => {
    const stack = begin({ fates: [[{ outcome: { kind: 'timeout' }, received: true, takesMs: 4000 }]] });
    stack.connect(app).subscribe('room');
    await stack.clock.advance(299_999);
    const attempts = stack.receivers.get('http://receiver/a-all')?.deliveries.values().next().value?.attempts;
    expect(attempts).toBeGreaterThan(5);
    await stack.clock.advance(600_000);
    const after = stack.receivers.get('http://receiver/a-all')?.deliveries.values().next().value?.attempts;
    expect(after).toBe(attempts);
    expect(stack.drops.read(app.id).dropped.map(({ reason, channel }) => [reason, channel])).toContainEqual([
      'expired',
      'room',
    ]);
  });

  it('sends a new cache_miss once the earlier one reached no endpoint', async () => {
    const stack = begin({ fates: [[{ outcome: { kind: 'timeout' }, received: false, takesMs: 4000 }]] });
    const [stayer, first, second] = [stack.connect(app), stack.connect(app), stack.connect(app)];
    stayer.subscribe('cache-news');
    await stack.clock.advance(299_000);
    first.subscribe('cache-news');
    for (const receiver of stack.receivers.values()) receiver.heal();
    await stack.clock.advance(2000);
    second.subscribe('cache-news');
    await stack.clock.advance(1000);
    expect(taken(stack, 'a-members')).toEqual(['cache_miss']);
  });

  it('keeps apps apart, although their channels have the same names', async () => {
    const stack = begin();
    const [own, foreign] = [stack.connect(app), stack.connect(otherApp)];
    own.subscribe('presence-room', 'u1');
    foreign.subscribe('presence-room', 'u2');
    const framesBefore = foreign.socket.frames.length;
    stack.connect(app).subscribe('room');
    own.send('client-typing', 'presence-room', '1');
    await stack.trigger(app, { name: 'news', channels: ['presence-room'], data: '1' });
    expect(own.socket.frames.at(-1)).toContain('"news"');
    expect(foreign.socket.frames).toHaveLength(framesBefore);
    expect(foreign.socket.frames.at(-1)).not.toContain('u1');
  });
});
