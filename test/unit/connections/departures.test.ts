import { describe, expect, test } from 'vitest';
import { serverClosing, unknownKey } from '../../../src/protocol/errors.ts';
import { Slices } from '../../../src/structures/slices.ts';
import { settle } from '../../support/fake-clock.ts';
import { channelName } from '../../support/unit/application.ts';
import { hubStage, type Actor } from '../../support/unit/hub-stage.ts';
import { FakeTurns, noSlices } from '../../support/turns.ts';

const rooms = (count: number) => Array.from({ length: count }, (_, index) => `room-${index}`);

function stage(perTurn: number) {
  const turns = new FakeTurns();
  const built = hubStage({ slicing: { ...noSlices(), slices: new Slices(perTurn, turns.nextTurn) } });
  const occupied = (): number => built.memory.occupiedChannels('1', '').length;
  const on = (channels: readonly string[]): Actor => {
    const actor = built.connect();
    for (const channel of channels) actor.join(channel);
    return actor;
  };
  return { ...built, turns, occupied, on };
}

describe('a connection with many channels that closes', () => {
  test('leaves as many channels in a turn as there is room for, and all of them in the end', () => {
    const { turns, occupied, on } = stage(10);
    on(rooms(25)).vanish();
    expect(occupied()).toBe(15);
    turns.turn();
    expect(occupied()).toBe(5);
    turns.turn();
    expect(occupied()).toBe(0);
    expect(turns.count).toBe(2);
  });

  test('does not delay others that leave after it beyond the end of the turn', () => {
    const { turns, occupied, on } = stage(10);
    const [many, ...few] = [on(rooms(12)), on(['a']), on(['b'])];
    many?.vanish();
    for (const actor of few) actor.vanish();
    expect(occupied()).toBe(4);
    turns.turn();
    expect(occupied()).toBe(0);
  });

  test('lingers as long as any other, counted from its close', async () => {
    const { turns, on, outbox, clock, advance } = stage(1);
    on(rooms(2)).vanish();
    await clock.advance(1000);
    turns.turn();
    outbox.takeLines();
    await advance(1999);
    expect(outbox.takeLines()).toEqual([]);
    await advance(1);
    expect(outbox.takeLines()).toEqual(['channel_vacated room-0', 'channel_vacated room-1']);
  });

  test('causes nothing on channels that its client has joined again meanwhile', async () => {
    const { turns, on, connect, outbox, advance, memory } = stage(1);
    const user = { user_id: '7' };
    const actor = on(['a']);
    actor.join('presence-b', user).join('presence-c', user);
    actor.vanish();
    const again = connect();
    again.join('presence-b', user).join('presence-c', user);
    outbox.takeLines();
    while (turns.isAwaited) turns.turn();
    await advance(10_000);
    expect(outbox.takeLines()).toEqual(['channel_vacated a']);
    expect(memory.channel('1', channelName('presence-b'))).toMatchObject({
      userIds: ['7'],
      subscriptionCount: 1,
    });
    expect(again.socket.takeFrames()).toEqual([]);
  });

  test('counts on a channel until it has left it, as if its close were noticed later', () => {
    const { turns, on, memory } = stage(1);
    on(['a', 'b']).vanish();
    const stateOf = (name: string) => memory.channel('1', channelName(name));
    expect(stateOf('a')).toMatchObject({ occupied: false, subscriptionCount: 0 });
    expect(stateOf('b')).toMatchObject({ occupied: true, subscriptionCount: 1 });
    turns.turn();
    expect(stateOf('b')).toMatchObject({ occupied: false, subscriptionCount: 0 });
  });
});

describe('closing all connections', () => {
  test('of an app takes turns, and is complete when the promise resolves', async () => {
    const { turns, on, hub, apps, occupied } = stage(10);
    const actors = rooms(30).map((room) => on([room]));
    const [app] = [...apps];
    if (app === undefined) throw new Error('there is an app');
    hub.endAll(app, unknownKey('app-key'));
    expect(app.sessions.size).toBe(20);
    let isDone = false;
    void hub.departed()?.then(() => (isDone = true));
    while (turns.isAwaited) turns.turn();
    await settle();
    expect([app.sessions.size, occupied(), isDone, hub.departed()]).toEqual([0, 0, true, undefined]);
    // 30 connections and 30 channels, 10 in a turn; the first turn has already passed.
    expect(turns.count).toBeGreaterThanOrEqual(5);
    for (const { socket } of actors) expect(socket.takeFrames()).toMatchObject([{ event: 'pusher:error' }]);
  });

  test('can be done in the same turn, together with earlier leaves', () => {
    const { on, hub, apps, occupied } = stage(1);
    on(rooms(5)).vanish();
    on(['a', 'b', 'c']);
    const [app] = [...apps];
    if (app !== undefined) hub.endAllNow(app, serverClosing);
    expect(occupied()).toBe(0);
  });

  test('of the server is complete once everybody has left', async () => {
    const { turns, on, hub, occupied } = stage(10);
    on(rooms(25));
    let isClosed = false;
    void hub.close().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    while (turns.isAwaited) turns.turn();
    await settle();
    expect([isClosed, occupied()]).toEqual([true, 0]);
  });
});

describe('the ledger of a node', () => {
  test('reports what is due in sweeps of 500, and that there is more', async () => {
    const { on, outbox, memory, clock } = stage(Infinity);
    on(rooms(900)).vanish();
    await clock.advance(3000);
    outbox.takeLines();
    expect([memory.sweep(), outbox.takeLines().length]).toEqual([clock.now(), 500]);
    expect([memory.sweep(), outbox.takeLines().length]).toEqual([undefined, 400]);
  });

  test('removes an app in slices, and has reported everything once the promise resolves', async () => {
    const { turns, on, outbox, memory } = stage(10);
    on(rooms(25));
    outbox.takeLines();
    turns.turn();
    const retired = memory.retire('1');
    expect(outbox.takeLines()).toHaveLength(10);
    while (turns.isAwaited) turns.turn();
    await retired;
    expect(outbox.takeLines()).toHaveLength(15);
    expect(memory.occupiedChannels('1', '')).toEqual([]);
  });
});
