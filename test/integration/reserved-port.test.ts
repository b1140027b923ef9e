import { expect, test } from 'vitest';
import { reservePort } from '../../src/transport/listening-socket.ts';
import { loadUws } from '../../src/transport/uws.ts';

const host = '127.0.0.1';

test('a reserved port answers 503, is refused to others, and can be reserved again once it is released', async () => {
  const uws = await loadUws();
  const { port, release } = reservePort(uws, { host, port: 0 });
  const answer = await fetch(`http://${host}:${port}/healthz`);
  expect([answer.status, await answer.text()]).toEqual([503, 'The server is starting']);
  expect(() => reservePort(uws, { host, port })).toThrow(`cannot listen on ${host}:${port}`);

  release();
  await expect(fetch(`http://${host}:${port}/healthz`)).rejects.toThrow();
  reservePort(uws, { host, port }).release();
});
