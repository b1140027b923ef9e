import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { app, otherApp } from '../support/e2e/config.ts';
import { deadUrl, startReceiver } from '../support/e2e/receiver.ts';
import { startExpressReceiver } from '../support/e2e/page-receivers.ts';
import { runProgram } from '../support/e2e/server.ts';
import { Receiver } from '../support/receiver.ts';

const occupied = ['--event', 'channel_occupied', '--channel', 'news'];

function send(args: readonly string[], env?: Readonly<Record<string, string>>) {
  return runProgram(['send-webhook', ...args], env);
}

describe('soketify-emulator send-webhook', () => {
  test('sends what the server would, and prints the result', async () => {
    await using hooks = await startReceiver();
    const args = ['--event', 'client_event', '--channel', 'presence-a', '--user-id', '7'];
    const content = ['--event-name', 'client-x', '--data', '{"a":1}', '--socket-id', '1.2'];
    const { code, stdout, stderr } = await send([...args, ...content, '--url', hooks.url, '--id', 'msg_1']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^client_event on presence-a as msg_1: 200 in \d+ ms\n$/);
    const { verified, events, headers } = await hooks.requests.first(() => true);
    expect(verified).toBe(true);
    expect(events).toEqual([
      {
        name: 'client_event',
        channel: 'presence-a',
        event: 'client-x',
        data: '{"a":1}',
        socket_id: '1.2',
        user_id: '7',
      },
    ]);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-pusher-key': app.key,
      'webhook-id': 'msg_1',
      'x-soketify-attempt': '1',
    });
  });

  test('is signed for the app of the environment, at the given time', async () => {
    await using hooks = await startReceiver({ secret: otherApp.secret });
    const env = {
      SOKETIFY_APP_KEY: otherApp.key,
      SOKETIFY_APP_SECRET: otherApp.secret,
      SOKETIFY_WEBHOOK_URL: hooks.url,
    };
    expect((await send([...occupied, '--time-ms', '5', '--attempt', '3'], env)).code).toBe(0);
    const { verified, timeMs, headers } = await hooks.requests.first(() => true);
    expect({ verified, timeMs }).toEqual({ verified: true, timeMs: 5 });
    expect(headers).toMatchObject({ 'x-pusher-key': otherApp.key, 'x-soketify-attempt': '3' });
  });

  test('is sent identically by the curl command of a dry run', async () => {
    await using hooks = await startReceiver();
    const args = ['--event', 'member_added', '--channel', 'presence-a', '--user-id', "it's"];
    const { code, stdout } = await send([...args, '--url', `${hooks.url}?a=b&c=d`, '--dry-run']);
    expect(code).toBe(0);
    expect(hooks.requests.items).toEqual([]);
    const curl = stdout.slice(stdout.indexOf('curl '));
    await once(spawn('sh', ['-c', curl], { stdio: 'ignore' }), 'close');
    const { verified, events, path } = await hooks.requests.first(() => true);
    expect({ verified, events, path }).toEqual({
      verified: true,
      events: [{ name: 'member_added', channel: 'presence-a', user_id: "it's" }],
      path: '/hook?a=b&c=d',
    });
  });

  test.each([
    ['401', 401, /: 401 in \d+ ms\nDoes the endpoint use the secret/],
    ['302', 302, /: 302 in \d+ ms\nRedirects are not followed/],
    ['500', 500, /: 500 in \d+ ms\n$/],
  ])('that is answered %s exits with 1', async (_, answer, message) => {
    await using hooks = await startReceiver({ answer: () => answer });
    const { code, stdout, stderr } = await send([...occupied, '--url', hooks.url]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });

  test('is judged by the status line, as in the server', async () => {
    const hooks = await Receiver.start(({ response }) => {
      response.writeContinue();
      response.writeHead(200).write('got it, and more later');
    });
    const { code, stdout } = await send([...occupied, '--url', hooks.url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/: 200 in \d+ ms: got it, and more later\n$/);
  });

  test('that is not answered exits with 1', async () => {
    await using hooks = await startReceiver({ answer: () => 'hang' });
    const { code, stderr } = await send([...occupied, '--url', hooks.url, '--timeout-ms', '50']);
    expect(code).toBe(1);
    // The time that was given is not the time that a server waits.
    expect(stderr).toMatch(/no answer within \d+ ms; a server waits for webhooks\.requestTimeoutMs/);
  });

  test('that cannot be delivered exits with 1', async () => {
    const { code, stderr } = await send([...occupied, '--url', await deadUrl()]);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing listens there (ECONNREFUSED)');
  });

  test.each([
    [[...occupied], /expected --url, or SOKETIFY_WEBHOOK_URL/],
    [['--event', 'member_aded', '--channel', 'x'], /Did you mean member_added\?/],
    [['--event', 'member_added', '--channel', 'presence-a'], /missing: --user-id/],
  ])('rejects %j with 2', async (args, message) => {
    const { code, stderr } = await send(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

test("is accepted by the handler of Soketify's documentation, and rejected with another secret", async () => {
  process.env['SOKETIFY_APP_SECRET'] = app.secret;
  await using hooks = await startExpressReceiver();
  expect((await send([...occupied, '--url', hooks.url])).code).toBe(0);
  const forged = await send([...occupied, '--url', hooks.url, '--secret', 'other']);
  expect(forged.code).toBe(1);
  expect(forged.stderr).toContain('401');
  expect(hooks.events.items).toEqual([{ name: 'channel_occupied', channel: 'news' }]);
});
