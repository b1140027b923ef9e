import { describe, expect, test } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { metric, trigger } from './support/http.ts';
import { startServer } from './support/server.ts';

const mebibyte = 1024 * 1024;

test('the data that waits for all clients together is limited: the worst is disconnected, and clients that read stay', async () => {
  const livenessClock = new FakeClock();
  const limits = { eventDataBytes: mebibyte };
  const given = { limits, maxBackpressureBytes: 32 * mebibyte, maxTotalBackpressureBytes: 32 * mebibyte };
  const server = await startServer(given, { livenessClock });
  const reader = await Client.connect(server);
  await reader.subscribe('news');
  const slow = await Promise.all([Client.connect(server), Client.connect(server)]);
  for (const client of slow) {
    await client.subscribe('news');
    client.ws.pause();
  }
  // More than the kernel buffers for two connections, and less than what may wait for one of them.
  for (let sent = 0; sent < 27; sent += 1) await trigger(server, 'news', 'x'.repeat(mebibyte));
  await reader.ping();
  expect(await metric(server, 'soketify_connections')).toBe(3);
  await livenessClock.advance(1000);
  expect(await metric(server, 'soketify_connections')).toBe(2);
  expect(await metric(server, 'soketify_slow_clients_closed_total')).toBe(1);
  await livenessClock.advance(5000);
  expect(await metric(server, 'soketify_connections')).toBe(2);
  await reader.ping();
  expect(reader.of('news')).toHaveLength(27);
});

describe('connections of one address', () => {
  test('are closed with 4100 beyond their limit, by the address that trusted proxies report', async () => {
    const given = { maxConnectionsPerAddress: 1, trustedProxies: ['127.0.0.1'] };
    const server = await startServer(given);
    const connect = (address: string) =>
      new Client(`ws://127.0.0.1:${server.port}/app/app-key?protocol=7`, [], {
        headers: { 'x-forwarded-for': address },
      });
    const first = connect('192.0.2.1');
    await first.next('pusher:connection_established');
    const second = connect('192.0.2.1');
    expect(await second.closed).toMatchObject({
      code: 4100,
      reason: expect.stringContaining('your address'),
    });
    expect(second.of('pusher:error')).toHaveLength(1);
    await connect('192.0.2.2').next('pusher:connection_established');
    await first.leave();
    await connect('192.0.2.1').next('pusher:connection_established');
    expect(await metric(server, 'soketify_refusals_total', 'reason="address_full"')).toBe(1);
  });
});
