import { describe, expect, test } from 'vitest';
import { AdminWorld } from '../support/admin-world.ts';
import { ofBodies } from './refused-bodies.ts';
import { event, of, ofPaths, ofQueries, own, url } from './refused-paths.ts';

describe('an impossible request is refused with the reason and changes nothing', () => {
  test.each([...ofPaths, ...ofBodies, ...ofQueries])('%s %j is %i %s', async (...[id, call, ...refused]) => {
    const [status, code, message] = refused;
    const world = await AdminWorld.start();
    await world.addOwn();
    const before = await world.admin.get('listApps');
    const response = await world.admin.call(id, call);
    expect({ status: response.status, json: response.json }).toMatchObject({
      status,
      json: { error: { code, message: expect.stringMatching(message) as string } },
    });
    expect(await world.admin.get('listApps')).toEqual(before);
  });
});

test.each([
  ['not JSON', '{"url":'],
  ['a list', '[1]'],
  ['null', 'null'],
  ['text', '"url"'],
])('a body that is %s is refused', async (_, body) => {
  const { admin } = await AdminWorld.start();
  const headers = { 'content-type': 'application/json' };
  expect(await admin.call('addEndpoint', { of, body, headers })).toMatchObject({
    status: 400,
    json: { error: { message: expect.stringMatching(/expected a JSON object as the body, got/) as string } },
  });
});

test('every operation on an unknown app lists the existing apps', async () => {
  const { admin } = await AdminWorld.start();
  const ofApps = admin.operations.filter(({ path }) => path.includes('{app}'));
  expect(ofApps.length).toBeGreaterThan(30);
  const body: Readonly<Record<string, object>> = {
    addEndpoint: { url },
    changeEndpoint: { url },
    pauseEndpoint: { how: 'hold' },
    testEndpoint: { event: 'cache_miss' },
    publish: { events: [event] },
    verifySignature: { body: 'a', signature: 'a' },
    recover: { endpoint: 'a' },
    sendClientEvent: { socketId: '1.1', channel: 'a', event: 'client-a', data: '' },
  };
  for (const { id } of ofApps) {
    const response = await admin.call(id, {
      of: {
        app: 'none',
        endpoint: 'a',
        key: 'a',
        channel: 'a',
        delivery: 'a',
        socket: '1.1',
        user: 'a',
        recovery: 'a',
      },
      ...(body[id] && { body: body[id] }),
    });
    expect({ id, status: response.status, text: response.text }).toMatchObject({
      status: 404,
      text: expect.stringMatching(/'none'/) as string,
    });
  }
});

test('a disabled app refuses events with the reason', async () => {
  const world = await AdminWorld.start();
  await world.addOwn();
  await world.admin.get('changeApp', { of: own, body: { enabled: false } });
  const response = await world.admin.call('publish', { of: own, body: { events: [event] } });
  expect(response).toMatchObject({ status: 403, json: { error: { code: 'ERR_DISABLED' } } });
});
