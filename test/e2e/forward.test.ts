import { describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startListener } from '../support/e2e/listener.ts';
import { deadUrl, startReceiver } from '../support/e2e/receiver.ts';
import { runProgram, startServer } from '../support/e2e/server.ts';
import { Receiver } from '../support/receiver.ts';

/** Posts without a signature. */
function post(url: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'X-Own': 'kept', 'Content-Type': 'text/plain' } });
}

describe('soketify-emulator listen --forward-to', () => {
  test('forwards webhooks to a backend, which verifies them and determines the answer', async () => {
    await using backend = await startReceiver({ answer: (index) => (index === 0 ? 503 : 200) });
    await using listener = await startListener('--forward-to', backend.url);
    await using server = await startServer(quickConfig({ url: listener.url }));
    const { subscribe } = await connectClient(server);
    await subscribe('news');
    expect(await backend.namesOf('news', 1)).toEqual(['channel_occupied']);
    expect(
      backend.requests.items.map(({ verified, headers }) => [verified, headers['x-soketify-attempt']]),
    ).toEqual([
      [true, '1'],
      [true, '2'],
    ]);
    expect(backend.requests.items[0]?.headerNames).toContain('X-Pusher-Signature');
    const lines = await listener.lines.count(2, ({ msg }) => msg === 'webhook');
    expect(lines.map(({ status, isAccepted, forwarded }) => ({ status, isAccepted, forwarded }))).toEqual([
      {
        status: 503,
        isAccepted: false,
        forwarded: expect.objectContaining({ url: backend.url, status: 503 }) as object,
      },
      { status: 200, isAccepted: true, forwarded: expect.objectContaining({ status: 200 }) as object },
    ]);
  });

  test('forwards bytes and headers unchanged, and the answer with its headers', async () => {
    const backend = await Receiver.start(({ response }) => {
      response.writeHead(201, { 'Retry-After': '7', 'X-Backend': 'yes' }).end('noted');
    });
    await using listener = await startListener('--forward-to', `${backend.url}?a=1`);
    const bytes = Uint8Array.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    const answer = await post(listener.url, bytes);
    expect([answer.status, await answer.text()]).toEqual([201, 'noted']);
    expect([answer.headers.get('retry-after'), answer.headers.get('x-backend')]).toEqual(['7', 'yes']);
    expect(backend.requests.map((request) => request.bytes)).toEqual([Buffer.from(bytes)]);
    const { rawHeaders = [] } = backend.requests[0] ?? {};
    expect(rawHeaders.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1);
    expect(rawHeaders.join(' ')).toContain('kept');
  });

  test('answers 502 for an unavailable backend, and 504 for a slow one', async () => {
    await using absent = await startListener('--forward-to', await deadUrl());
    const missing = await post(absent.url, '{}');
    expect([missing.status, await missing.text()]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
    const silent = await Receiver.start(() => {});
    await using slow = await startListener('--forward-to', silent.url, '--forward-timeout-ms', '50');
    expect((await post(slow.url, '{}')).status).toBe(504);
  });

  test('rejects its own address, which would never stop, and a time-out for nothing', async () => {
    const own = await runProgram(['listen', '--port', '9001', '--forward-to', 'http://localhost:9001/x']);
    expect([own.code, own.stderr]).toEqual([2, expect.stringContaining('would receive its own requests')]);
    const { code, stderr } = await runProgram(['listen', '--forward-timeout-ms', '5']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--forward-to')]);
  });

  test('cannot simulate a failing endpoint at the same time', async () => {
    const { code, stderr } = await runProgram(['listen', '--forward-to', 'http://h/', '--status', '500']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('--forward-to responds with the response of the backend'),
    ]);
  });
});

describe('soketify-emulator trigger --as client', () => {
  test('sends an event from a client that is connected and subscribed', async () => {
    await using hooks = await startReceiver();
    await using server = await startServer(quickConfig({ url: hooks.url }));
    const { subscribePresence } = await connectClient(server, { member: { user_id: 'anna' } });
    const lobby = await subscribePresence('presence-lobby');
    const args = ['trigger', '--port', `${server.port}`, '--as', 'client', '-c', 'presence-lobby', '-e'];
    const sent = await runProgram([...args, 'client-typing', '-d', '{"isTyping":true}', '--user-id', 'bert']);
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    expect(sent.stdout).toMatch(/^sent client-typing on presence-lobby as client \d+\.\d+\n$/);
    expect(await lobby.data('client-typing')).toEqual({ isTyping: true });
    const received = await hooks.events.first(({ name }) => name === 'client_event');
    expect(received).toMatchObject({ event: 'client-typing', data: '{"isTyping":true}', user_id: 'bert' });
    const json = await runProgram([...args, 'client-x', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ channel: 'presence-lobby', event: 'client-x' });
  });

  test('shows what the server rejects', async () => {
    await using server = await startServer({ apps: [{ ...app, clientEvents: false }] });
    const args = ['trigger', '--url', server.url, '--as', 'client', '-e', 'client-x', '-c'];
    const disabled = await runProgram([...args, 'private-a']);
    expect([disabled.code, disabled.stderr]).toEqual([
      1,
      expect.stringMatching(/^the server refused the event client-x: .*\n$/),
    ]);
    const forged = await runProgram([...args, 'private-a', '--secret', 'wrong']);
    expect(forged.stderr).toMatch(
      /^the server refused the subscription to private-a: [^]*\nThe key is app-key: do --key and --secret /,
    );
    const unknown = await runProgram([...args, 'private-a', '--key', 'nobody']);
    expect(unknown.stderr).toMatch(
      /^the server refused the connection[^]*\nThe key is nobody: do --key and --secret /,
    );
    const dead = await runProgram([...args, 'private-a', '--url', new URL(await deadUrl()).origin]);
    expect([dead.code, dead.stderr]).toEqual([1, expect.stringContaining('cannot connect to')]);
    const misnamed = await runProgram(['trigger', '--as', 'client', '-c', 'private-a', '-e', 'x']);
    expect([misnamed.code, misnamed.stderr]).toEqual([
      2,
      expect.stringContaining('did you mean --event client-x?'),
    ]);
  });
});
