import { describe, expect, test } from 'vitest';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { application, channelName } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

describe('replacing the apps of a node', () => {
  test('keeps connections, and returns the apps that are no longer served', () => {
    const [a, b] = [application(), application({ id: '2', key: 'k2' })];
    const apps = new LocalApps([a, b]);
    const [kept, removed] = [apps.byId('1'), apps.byId('2')];
    const added = application({ id: '3', key: 'k2' });
    expect(apps.replace([added, application({ key: 'new' })])).toEqual([removed]);
    expect(apps.byId('1')).toBe(kept);
    expect(apps.byKey('new')).toBe(kept);
    expect(apps.byKey('app-key')).toBeUndefined();
    expect(apps.byKey('k2')?.config).toBe(added);
    expect(apps.byId('2')).toBeUndefined();
    expect([...apps].map(({ config }) => config.id)).toEqual(['3', '1']);
    expect(apps.size).toBe(2);
  });

  test('never gives two apps the same topic, not even a returning one that of the removed one', () => {
    const apps = new LocalApps([application()]);
    const before = apps.byId('1')?.topic(channelName('news'));
    apps.replace([]);
    apps.replace([application()]);
    expect(apps.byId('1')?.topic(channelName('news'))).not.toBe(before);
  });

  test('applies the new limits and keys to existing sessions', () => {
    const { connect, apps } = hubStage();
    const actor = connect().join('private-a');
    apps.replace([
      application({
        key: 'new',
        clientEvents: true,
        limits: { clientEventsPerSecond: 1, channelNameLength: 9 },
      }),
    ]);
    actor.trigger('private-a', 'x');
    actor.socket.expectNoFrame();
    actor.trigger('private-a', 'x');
    actor.socket.expectError('Client event rejected due to rate limit', 4301);
    actor.subscribe('private-ab');
    expect(actor.socket.takeFrames()[0]).toMatchObject({ event: 'pusher:subscription_error' });
    actor.send({ event: 'pusher:subscribe', data: { channel: 'private-', auth: 'app-key:00' } });
    expect(actor.socket.takeFrames()[1]).toMatchObject({
      data: { message: "Invalid key in subscription auth data: 'app-key'" },
    });
    apps.replace([application({ clientEvents: false })]);
    actor.trigger('private-a', 'x');
    expect(actor.socket.takeFrames()[0]).toMatchObject({ data: { code: null } });
    actor.socket.expectOpen();
  });

  test('updates the figures of presence and counts', () => {
    const { connect, apps, outbox } = hubStage();
    const first = connect().join('news');
    apps.replace([application({ subscriptionCount: true, limits: { presenceMembers: 1 } })]);
    connect().join('news');
    first.socket.expectFrame({
      event: 'pusher_internal:subscription_count',
      channel: 'news',
      data: '{"subscription_count":2}',
    });
    connect().join('presence-a', { user_id: '7' });
    first.subscribe('presence-a', { user_id: '8' });
    expect(first.socket.takeFrames()[0]).toMatchObject({ event: 'pusher:subscription_error' });
    expect(outbox.takeLines()).toContain('subscription_count news');
  });
});
