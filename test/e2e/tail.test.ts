import { describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, quickConfig } from '../support/e2e/config.ts';
import type { Journal } from '../support/journal.ts';
import { deadUrl, startReceiver } from '../support/e2e/receiver.ts';
import { Receiver } from '../support/receiver.ts';
import { launch, runProgram, startServer, type Server } from '../support/e2e/server.ts';

interface Row {
  readonly seq: number;
  readonly type: string;
  readonly channel?: string;
  readonly name?: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** `tail --json` as a process. It ends with its test. */
function startTail(server: Server, ...args: readonly string[]) {
  const { child, log, exit } = launch(['tail', '--json', ...args], { SOKETIFY_URL: server.url });
  onTestFinished(() => void child.kill('SIGKILL'));
  const rows = log as Journal<unknown> as Journal<Row>;
  const interrupt = () => {
    child.kill('SIGINT');
    return exit;
  };
  return { rows, interrupt, exit };
}

describe('soketify-emulator tail', () => {
  test('shows events and deliveries as they happen, after earlier ones', async () => {
    await using hooks = await startReceiver();
    await using server = await startServer(quickConfig({ id: 'main', url: hooks.url }));
    const { subscribe } = await connectClient(server);
    await subscribe('before');
    await hooks.namesOf('before', 1);
    const { rows, interrupt } = startTail(server);
    await rows.first(({ type, channel }) => type === 'occupied' && channel === 'before');
    await subscribe('after');
    await rows.first(({ type, channel }) => type === 'occupied' && channel === 'after');
    await rows.first(({ type, details }) => type === 'webhook sent' && details?.['endpoint'] === 'main');
    const { code } = await interrupt();
    expect(code).toBe(0);
    const numbers = rows.items.map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  test('leaves out what is filtered', async () => {
    await using hooks = await startReceiver();
    const dead = await deadUrl();
    await using server = await startServer(
      quickConfig({ id: 'main', url: hooks.url }, { id: 'dead', url: dead }),
    );
    const events = startTail(server, '--type', 'events', '--channel', 'presence-*', '--name', 'member_*');
    const failures = startTail(server, '--outcome', 'unreachable', '--endpoint', 'dead');
    const sent = startTail(server, '--type', 'deliveries', '--outcome', 'delivered');
    const { subscribe, subscribePresence } = await connectClient(server, { member: { user_id: '7' } });
    await subscribe('news');
    await subscribePresence('presence-lobby');
    const first = await events.rows.first(() => true);
    expect(first).toMatchObject({ type: 'member added', channel: 'presence-lobby' });
    expect((await failures.rows.first(() => true)).details).toMatchObject({ endpoint: 'dead' });
    expect((await sent.rows.first(() => true)).details).toMatchObject({ endpoint: 'main' });
  });

  test('continues after the server has restarted', async () => {
    const server = await startServer({ apps: [app] });
    const { rows } = startTail(server, '--lines', '1000');
    await runProgram(['trigger', '--url', server.url, '-c', 'news', '-e', 'first']);
    await rows.first(({ name }) => name === 'first');
    await server.stop();
    await using again = await startServer({ apps: [app] }, { args: ['--port', String(server.port)] });
    await runProgram(['trigger', '--url', again.url, '-c', 'news', '-e', 'second']);
    await rows.first(({ name }) => name === 'second');
  });

  test('prints readable lines, and exits if it does not follow', async () => {
    await using server = await startServer({ apps: [app] });
    const data = '{"text":"\u001b[31mred"}';
    await runProgram(['trigger', '--url', server.url, '-c', 'news', '-e', 'headline', '-d', data]);
    const { code, stdout } = await runProgram([
      'tail',
      '--url',
      server.url,
      '--no-follow',
      '-t',
      'published',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} 1 published +headline on news \{"text":"\\u\{1b\}\[31mred"\}\n$/,
    );
  });

  test('gives up on a server that accepts connections and never answers', async () => {
    const silent = await Receiver.start(() => {});
    const { code, stderr } = await runProgram(['tail', '--url', silent.url, '--timeout-ms', '50']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: no answer from \S+ within 50 ms; --timeout-ms gives it longer\n$/),
    ]);
  });

  test('says that it is connected if there is nothing to show, and ends with 0 by a signal', async () => {
    await using server = await startServer({ apps: [app] });
    const { child, exit } = launch(['tail', '--url', server.url, '-t', 'deliveries']);
    child.stderr?.once('data', () => void child.kill('SIGINT'));
    expect(await exit).toEqual({ code: 0, stdout: '', stderr: `connected to ${server.url}; no rows yet\n` });
  });

  test('rejects unknown names', async () => {
    await using server = await startServer({ apps: [app] });
    const env = { SOKETIFY_URL: server.url };
    const type = await runProgram(['tail', '--type', 'event'], env);
    expect([type.code, type.stderr]).toEqual([2, expect.stringContaining('Did you mean events?')]);
    const endpoint = await runProgram(['tail', '--endpoint', 'main'], env);
    expect([endpoint.code, endpoint.stderr]).toEqual([1, expect.stringContaining("has no endpoint 'main'")]);
    const search = await runProgram(['tail', '--search', 'colour:red'], env);
    expect([search.code, search.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: --search: unknown search key 'colour'/),
    ]);
  });
});
