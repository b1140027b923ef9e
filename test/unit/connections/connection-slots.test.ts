import { describe, expect, test, vi } from 'vitest';
import { application, greeting } from '../../support/unit/application.ts';
import { settle } from '../../support/fake-clock.ts';
import { Actor, hubStage } from '../../support/unit/hub-stage.ts';

/** A hub whose places are assigned elsewhere. The test decides about each connection. */
function slotStage(limits = { connections: 5 }) {
  const answers: ((isFree: boolean) => void)[] = [];
  const release = vi.fn();
  const take = vi.fn(() => new Promise<boolean>((resolve) => void answers.push(resolve)));
  const metrics = { connectionOpened: vi.fn(), connectionClosed: vi.fn() };
  const app = application({ limits });
  const stage = hubStage({ apps: [app], slots: { take, release }, metrics });
  return {
    ...stage,
    ...metrics,
    take,
    release,
    async decide(isFree: boolean): Promise<void> {
      answers.shift()?.(isFree);
      await settle();
    },
    connectClient(): Actor {
      const socket = stage.node.socket();
      const session = stage.hub.open(socket, greeting('app-key'));
      if (session === undefined) throw new Error('sent away');
      return new Actor(stage.hub, socket, session);
    },
  };
}

describe('a connection of an app with a limit over all nodes', () => {
  test('is sent nothing before it has a place, and then its answers, in order', async () => {
    const { connectClient, decide, take, connectionOpened } = slotStage();
    const actor = connectClient();
    actor.subscribe('news');
    actor.send({ event: 'pusher:ping', data: {} });
    expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual(['pusher:pong']);
    expect([take.mock.calls, connectionOpened.mock.calls]).toEqual([[['1', 5, '127.0.0.1']], []]);
    await decide(true);
    expect(actor.socket.takeFrames().map(({ event }) => event)).toEqual([
      'pusher:connection_established',
      'pusher_internal:subscription_succeeded',
    ]);
    expect(connectionOpened).toHaveBeenCalledTimes(1);
    actor.join('other');
  });

  test('is closed with 4004 if there is no place, and leaves no trace', async () => {
    const { connectClient, decide, apps, outbox, release, connectionOpened, connectionClosed } = slotStage();
    const actor = connectClient();
    actor.subscribe('news');
    await decide(false);
    actor.socket.expectClosed(4004);
    actor.socket.expectNoFrame();
    actor.vanish();
    expect(apps.byId('1')?.sessions.size).toBe(0);
    outbox.expectNothing();
    for (const called of [release, connectionOpened, connectionClosed]) expect(called).not.toHaveBeenCalled();
  });

  test('returns its place once when it has closed', async () => {
    const { connectClient, decide, release } = slotStage();
    const actor = connectClient();
    await decide(true);
    expect(release).not.toHaveBeenCalled();
    actor.vanish();
    actor.vanish();
    expect(release.mock.calls).toEqual([['1', '127.0.0.1']]);
  });

  test('returns its place even if it closed before it got it', async () => {
    const { connectClient, decide, release, connectionOpened } = slotStage();
    const actor = connectClient();
    actor.vanish();
    expect(release).not.toHaveBeenCalled();
    await decide(true);
    expect(release.mock.calls).toEqual([['1', '127.0.0.1']]);
    expect(connectionOpened).not.toHaveBeenCalled();
  });

  test.each([
    ['its app is disabled', 4003, { isEnabled: false }],
    ['its node ends', 4200, undefined],
  ] as const)('is sent away if %s meanwhile, and its place is free', async (_, code, changed) => {
    const { connectClient, decide, release, apps, hub } = slotStage();
    const actor = connectClient();
    if (changed === undefined) void hub.close();
    else apps.replace([application({ limits: { connections: 5 }, ...changed })]);
    await decide(true);
    actor.socket.expectClosed(code);
    expect(release.mock.calls).toEqual([['1', '127.0.0.1']]);
  });

  test('is sent away if its app is removed and added again meanwhile, because nobody would find it there', async () => {
    const { connectClient, decide, release, apps } = slotStage();
    const actor = connectClient();
    apps.replace([application({ id: '2', key: 'other-key' })]);
    apps.replace([application({ limits: { connections: 5 } })]);
    await decide(true);
    actor.socket.expectClosed(4001);
    expect(release.mock.calls).toEqual([['1', '127.0.0.1']]);
  });

  test('is refused immediately if its node alone has reached the limit', async () => {
    const { connectClient, decide, take, hub, node } = slotStage({ connections: 1 });
    connectClient();
    await decide(true);
    const socket = node.socket();
    expect(hub.open(socket, greeting('app-key'))).toBeUndefined();
    socket.expectClosed(4004);
    expect(take).toHaveBeenCalledTimes(1);
  });
});

test('a connection of an app without a limit needs no place', () => {
  const { connectClient, take } = slotStage({ connections: Infinity });
  expect(
    connectClient()
      .socket.takeFrames()
      .map(({ event }) => event),
  ).toEqual(['pusher:connection_established']);
  expect(take).not.toHaveBeenCalled();
});
