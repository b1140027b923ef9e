import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import { startListener } from '../support/e2e/listener.ts';
import { launch, runProgram, startServer } from '../support/e2e/server.ts';

const body =
  '{"time_ms":1700000000000,"events":[{"name":"member_added","channel":"presence-a","user_id":"7"}]}';

function post(url: string, headers: Record<string, string>, text = body): Promise<Response> {
  return fetch(url, { method: 'POST', body: text, headers });
}

function signature(secret = app.secret, text = body): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

describe('soketify-emulator listen', () => {
  test('verifies what the server sends, and prints the resulting state', async () => {
    await using listener = await startListener();
    await using server = await startServer(quickConfig({ url: listener.url }));
    const { pusher, subscribePresence } = await connectClient(server, { member: { user_id: '7' } });
    await subscribePresence('presence-lobby');
    const first = await listener.lines.first(({ msg }) => msg === 'webhook');
    expect(first).toMatchObject({ verdict: { verified: true }, status: 200, attempt: 1, isDuplicate: false });
    const received = (name: string) =>
      listener.lines.first(({ events }) => JSON.stringify(events ?? '').includes(name));
    await received('member_added');
    const { stdout } = await listener.interrupt();
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      msg: 'summary',
      refused: {},
      events: { channel_occupied: 1, member_added: 1 },
      state: { occupied: ['presence-lobby'], members: { 'presence-lobby': ['7'] }, contradictions: [] },
    });
    pusher.disconnect();
  });

  test('explains why a webhook cannot be verified', async () => {
    await using listener = await startListener('--key', app.key, '--max-age-ms', '86400000');
    const key = { 'x-pusher-key': app.key };
    const verdicts: readonly (readonly [Record<string, string>, string, string?])[] = [
      [key, 'missing_signature'],
      [{ ...key, 'x-soketify-signature': signature() }, 'wrong_header'],
      [{ ...key, 'x-pusher-signature': `sha256=${signature()}` }, 'not_hex'],
      [{ 'x-pusher-signature': signature() }, 'missing_key'],
      [{ 'x-pusher-key': 'k', 'x-pusher-signature': signature() }, 'unknown_key'],
      [{ ...key, 'x-pusher-signature': signature('other') }, 'wrong_secret'],
      [
        { ...key, 'x-pusher-signature': signature() },
        'reserialised',
        JSON.stringify(JSON.parse(body), null, 2),
      ],
      [{ ...key, 'x-pusher-signature': signature() }, 'too_old'],
      [{ ...key, 'x-pusher-signature': signature(app.secret, '{}') }, 'malformed', '{}'],
    ];
    for (const [headers, reason, text] of verdicts) {
      const { status } = await post(listener.url, headers, text);
      expect([reason, status]).toEqual([reason, reason === 'malformed' ? 400 : 401]);
    }
    const lines = await listener.lines.count(verdicts.length, ({ msg }) => msg === 'webhook');
    expect(lines.map(({ verdict }) => (verdict as { reason: string }).reason)).toEqual(
      verdicts.map(([, reason]) => reason),
    );
  });

  test('simulates a failing endpoint as often as requested', async () => {
    await using listener = await startListener('--status', '500', '--times', '2');
    await using server = await startServer(quickConfig({ url: listener.url }));
    const { subscribe } = await connectClient(server);
    await subscribe('news');
    const attempts = await listener.lines.count(3, ({ msg }) => msg === 'webhook');
    expect(attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 500],
      [2, 500],
      [3, 200],
    ]);
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
  });

  test('accepts webhooks only at its path, if it has one, and shows what arrives elsewhere', async () => {
    await using listener = await startListener('--path', '/hook');
    expect((await post(listener.url, {})).status).toBe(401);
    expect((await post(`${listener.url}s`, {})).status).toBe(404);
    expect((await fetch(listener.url)).status).toBe(405);
    const { stdout } = await listener.interrupt();
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ msg }) => msg === 'other request')).toEqual([
      {
        msg: 'other request',
        method: 'POST',
        path: '/hooks',
        status: 404,
        why: 'Webhooks are accepted at /hook.',
      },
      { msg: 'other request', method: 'GET', path: '/hook', status: 405, why: 'Send webhooks with POST.' },
    ]);
    expect(lines.at(-1)).toMatchObject({ msg: 'summary', webhooks: 1 });
  });

  test('shows a person what arrives at another path', async () => {
    const { child, exit } = launch(['listen', '--port', '0', '--path', '/hook']);
    const port = await new Promise<string>((resolve) => {
      let seen = '';
      child.stdout?.on('data', (text) => {
        seen += String(text);
        const [, found] = /:(\d+)\/hook;/.exec(seen) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    await post(`http://127.0.0.1:${port}/other`, {});
    child.kill('SIGINT');
    const { stdout } = await exit;
    expect(stdout).toContain('POST /other not accepted, answered 404\n  Webhooks are accepted at /hook.\n');
  });

  test('prints readable lines, without colours into a pipe and harmless to a terminal', async () => {
    const { child, exit } = launch(['listen', '--port', '0', '--max-age-ms', '0']);
    let seen = '';
    const port = await new Promise<string>((resolve) => {
      child.stdout?.on('data', (text) => {
        seen += String(text);
        const [, found] = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(seen) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const text = JSON.stringify({
      time_ms: Date.now() + 60_000,
      events: [
        { name: 'channel_occupied', channel: 'presence-a' },
        { name: 'member_added', channel: 'presence-a', user_id: '\u001b[31m7\u202e' },
      ],
    });
    const headers = { 'x-pusher-signature': signature(app.secret, text), 'webhook-id': 'msg_1' };
    await post(`http://127.0.0.1:${port}/hook`, headers, text);
    await post(`http://127.0.0.1:${port}/hook`, { ...headers, 'x-soketify-attempt': '2' }, text);
    await post(`http://127.0.0.1:${port}/`, headers);
    child.kill('SIGINT');
    const { code, stdout } = await exit;
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/POST \/hook verified, answered 200\n/);
    expect(stdout).toMatch(/verified, answered 200, attempt 2, a duplicate of one that was accepted\n/);
    expect(stdout).toMatch(/POST \/ not verified \(wrong secret\), answered 401\n/);
    expect(stdout).toMatch(/member_added +presence-a, user \\u\{1b\}\[31m7\\u\{202e\}\n/);
    expect(stdout).toContain('3 webhooks: 2 verified, not verified: 1 wrong secret, 1 duplicates');
    expect(stdout).toContain('occupied: presence-a\n');
  });

  test('rejects a number of failures without a kind of failure', async () => {
    const { code, stderr } = await runProgram(['listen', '--port', '0', '--times', '3']);
    expect(code).toBe(2);
    expect(stderr).toContain('--status or --delay');
  });

  test('reports that its port is taken, and exits with 1', async () => {
    await using listener = await startListener();
    const { code, stderr } = await runProgram(['listen', '--port', new URL(listener.url).port]);
    expect(code).toBe(1);
    expect(stderr).toContain('the port is in use (EADDRINUSE)');
  });
});
