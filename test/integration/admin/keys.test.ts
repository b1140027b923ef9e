import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AppView } from '../../../src/views/settings.ts';
import { AdminWorld, backendOf } from '../support/admin-world.ts';

const of = { app: 'own' };
const first = { id: 'own', key: 'own-key', secret: 'own-secret' };
const second = { id: 'own', key: 'second-key', secret: 'second-secret' };

test('a key is rotated without an outage', async () => {
  const world = await AdminWorld.start();
  const { admin, receiver } = world;
  await world.addOwn();
  await admin.get('addEndpoint', { of, body: { id: 'hook', url: receiver.url } });
  await admin.get('addKey', { of, body: { key: second.key, secret: second.secret } });

  // Both keys work for clients, backends and authorization.
  for (const pair of [first, second]) {
    const client = await world.connect(pair.key);
    await world.enter(client, `private-${pair.key}`, undefined, pair);
    expect((await backendOf(admin.port, pair).get({ path: '/channels' })).status).toBe(200);
  }
  const usesOf = async () => {
    const { keys } = await admin.get<AppView>('showApp', { of });
    return keys.map(({ key, isFirst, uses, lastUsedAtMs }) => [key, isFirst, uses, typeof lastUsedAtMs]);
  };
  expect(await usesOf()).toEqual([
    ['own-key', true, 3, 'number'],
    ['second-key', false, 3, 'number'],
  ]);
  // A request with a wrong secret does not count as a use.
  const attacker = { ...second, secret: 'guessed' };
  expect(
    await backendOf(admin.port, attacker)
      .get({ path: '/channels' })
      .catch(() => 'refused'),
  ).toBe('refused');
  expect((await usesOf())[1]?.[2]).toBe(3);

  const signedBy = async (channel: string) => {
    await (await world.connect(second.key)).subscribe(channel);
    await expect.poll(() => receiver.events).toContain(`channel_occupied ${channel}`);
    const { headers, body = '' } = receiver.requests.find((one) => one.body.includes(`"${channel}"`)) ?? {};
    const pair = [first, second].find(({ key }) => key === headers?.['x-pusher-key']);
    const signature = createHmac('sha256', pair?.secret ?? '')
      .update(body)
      .digest('hex');
    expect(headers?.['x-pusher-signature']).toBe(signature);
    return pair?.key;
  };
  expect(await signedBy('before')).toBe('own-key');
  await admin.get('makeKeyFirst', { of: { ...of, key: second.key } });
  expect(await signedBy('after')).toBe('second-key');

  expect(await admin.call('removeKey', { of: { ...of, key: second.key } })).toMatchObject({ status: 409 });
  await admin.get('removeKey', { of: { ...of, key: first.key } });
  expect(
    await backendOf(admin.port, first)
      .get({ path: '/channels' })
      .catch(() => 'refused'),
  ).toBe('refused');
  await expect(world.connect(first.key)).rejects.toThrow('closed with 4001');
  expect(await usesOf()).toEqual([['second-key', true, expect.any(Number), 'number']]);
});

test('secrets of all pairs are shown on request, and generated if none is given', async () => {
  const { admin } = await AdminWorld.start();
  await admin.get('addApp', { body: { id: 'own' } });
  const added = await admin.get<{ key: string; secret: string }>('addKey', { of });
  const { pairs } = await admin.get<{ pairs: readonly { key: string; secret: string }[] }>('showSecrets', {
    of,
  });
  expect(pairs).toHaveLength(2);
  expect(pairs).toContainEqual(added);
  expect(new Set(pairs.map(({ secret }) => secret)).size).toBe(2);
  for (const { secret } of pairs) expect(secret.length).toBeGreaterThanOrEqual(16);
});
