import { expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { Socket } from '../support/e2e/socket.ts';
import { connectCrowd, connectionsOfWorkers, crowdSize } from '../support/workers/crowd.ts';

const token = 'a-token-that-is-long-enough';

test('an app that gets a limit of connections later counts those that are open on all workers', async () => {
  await using server = await startServer({ apps: [app], dashboard: { token } });
  const added = { id: '9', key: 'nine', secret: 'nine-secret' };
  const call = async (method: string, path: string, body: object): Promise<void> => {
    const response = await fetch(`${server.url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.ok, await response.text()).toBe(true);
  };
  await call('POST', '/apps', added);
  const setLimit = (connections: number | null) => call('PUT', '/apps/9', { limits: { connections } });
  /** Connects one more client. Returns whether it was let in. */
  const knock = async (): Promise<boolean> => {
    const socket = new Socket(server, { app: added });
    onTestFinished(() => socket.destroy());
    return (await socket.nextFrame()).event === 'pusher:connection_established';
  };
  const sockets = await connectCrowd(server, added);
  expect(Math.min(...(await connectionsOfWorkers(server)))).toBeGreaterThan(0);

  await setLimit(crowdSize + 1);
  expect([await knock(), await knock()]).toEqual([true, false]);
  // Those that are counted late are counted once, whatever the limit is meanwhile.
  await setLimit(null);
  expect([await knock(), await knock()]).toEqual([true, true]);
  await setLimit(crowdSize + 3);
  expect(await knock()).toBe(false);
  // And they are not counted any more once they have gone.
  for (const socket of sockets) socket.close();
  await Promise.all(sockets.map(({ closed }) => closed));
  const more = await Promise.all(Array.from({ length: crowdSize + 5 }, knock));
  expect(more.filter(Boolean)).toHaveLength(crowdSize);
}, 60_000);
