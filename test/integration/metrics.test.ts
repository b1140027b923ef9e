import { describe, expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { get, metric, trigger } from './support/http.ts';
import { Receiver } from './support/receiver.ts';
import { app, startServer } from './support/server.ts';

/** The text format's grammar: a comment, or a name, labels and a number. */
const line =
  /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="(?:[^"\\]|\\.)*"(?:,\w+="(?:[^"\\]|\\.)*")*\})? (\S+))$/;

describe('GET /metrics', () => {
  test('is Prometheus text in which every number is one and none is negative', async () => {
    const receiver = await Receiver.start();
    const server = await startServer({ apps: [{ ...app, webhooks: [{ url: receiver.url }] }] });
    const client = await Client.connect(server);
    await client.subscribe('cache-a');
    await trigger(server, 'cache-a');
    await receiver.next();
    await client.leave();
    await expect.poll(() => metric(server, 'soketify_connections')).toBe(0);
    const { status, contentType, body } = await get(server, '/metrics');
    expect(status).toBe(200);
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const text of body.split('\n').filter((candidate) => candidate !== '')) {
      const [, number] = line.exec(text) ?? [undefined, 'no such form'];
      if (!text.startsWith('#')) expect(Number(number), text).toBeGreaterThanOrEqual(0);
      else expect(text).toMatch(line);
    }
  });

  test('the connections are never negative, however they end', async () => {
    const server = await startServer();
    for (let round = 0; round < 5; round += 1) {
      const clients = await Promise.all([1, 2, 3].map(() => Client.connect(server)));
      expect(await metric(server, 'soketify_connections')).toBe(3);
      clients[0]?.ws.terminate();
      clients[1]?.ws.close(4200);
      clients[2]?.ws.send('x'.repeat(300 * 1024));
      const refused = new Client(`ws://127.0.0.1:${server.port}/app/nobody`);
      await Promise.all([refused, ...clients].map(({ closed }) => closed));
      await expect.poll(() => metric(server, 'soketify_connections')).toBe(0);
    }
    expect(await metric(server, 'soketify_connections_opened_total')).toBe(15);
  });
});
