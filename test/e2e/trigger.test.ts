import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, otherApp } from '../support/e2e/config.ts';
import { deadUrl } from '../support/e2e/receiver.ts';
import { runProgram, startServer } from '../support/e2e/server.ts';

describe('soketify-emulator trigger', () => {
  test('publishes on every channel that it names, to all except one connection', async () => {
    await using server = await startServer();
    const first = await connectClient(server);
    const second = await connectClient(server);
    const [news, other, muted] = [
      await first.subscribe('news'),
      await first.subscribe('other'),
      await second.subscribe('news'),
    ];
    const args = ['trigger', '--port', `${server.port}`, '-c', 'news', '-c', 'other', '-e', 'headline'];
    const { code, stdout, stderr } = await runProgram([
      ...args,
      '--data',
      '{"n":"é"}',
      '--socket-id',
      second.socketId,
    ]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'published headline on news, other: {}\n',
      stderr: '',
    });
    expect(await news.data('headline')).toEqual({ n: 'é' });
    expect(await other.data('headline')).toEqual({ n: 'é' });
    await runProgram([...args, '--data', '1']);
    expect(await muted.data('headline')).toBe(1);
    const broken = await runProgram([...args, '--data', '{"n":']);
    expect([broken.code, broken.stderr]).toEqual([
      0,
      expect.stringMatching(/^--data is not valid JSON at line 1/),
    ]);
  });

  test('reads data from a file and from standard input, without the last line break', async () => {
    await using server = await startServer();
    const { subscribe } = await connectClient(server);
    const news = await subscribe('news');
    const folder = await mkdtemp(join(tmpdir(), 'soketify-trigger-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'data.json'), '{"from":"file"}\n');
    const args = ['trigger', '--url', server.url, '--channel', 'news', '--event'];
    expect((await runProgram([...args, 'a', '--data', `@${folder}/data.json`])).code).toBe(0);
    expect((await runProgram([...args, 'b', '--data', '-'], {}, 'plain text\n')).code).toBe(0);
    expect(await news.data('a')).toEqual({ from: 'file' });
    expect(await news.data('b')).toBe('plain text');
    const missing = await runProgram([...args, 'c', '--data', `@${folder}/none`]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('cannot be read');
  });

  test('uses the app of the environment, or of the preceding options', async () => {
    await using server = await startServer({ apps: [app, otherApp] });
    const env = {
      SOKETIFY_APP_ID: otherApp.id,
      SOKETIFY_APP_KEY: otherApp.key,
      SOKETIFY_APP_SECRET: otherApp.secret,
      SOKETIFY_HOST: '0.0.0.0',
      SOKETIFY_PORT: `${server.port}`,
    };
    const { subscribe } = await connectClient(server, { app: otherApp });
    const news = await subscribe('news');
    const args = ['trigger', '-c', 'news', '-e', 'x', '--info', 'subscription_count'];
    const ofOther = await runProgram(args, env);
    expect(ofOther.stdout).toContain('{"channels":{"news":{"subscription_count":1}}}');
    await news.data('x');
    const options = ['--app-id', app.id, '--key', app.key, '--secret', app.secret];
    const ofFirst = await runProgram([...args, ...options], env);
    expect(ofFirst.stdout).toContain('{"channels":{"news":{"subscription_count":0}}}');
  });

  test('shows what the server rejects, and exits with 1', async () => {
    await using server = await startServer();
    const args = ['trigger', '--url', server.url, '-e', 'x', '-c'];
    const forged = await runProgram([...args, 'news', '--secret', 'wrong']);
    expect([forged.code, forged.stdout]).toEqual([1, '']);
    expect(forged.stderr).toMatch(/the server answered 401: Invalid signature: [^]*--secret/);
    const misnamed = await runProgram([...args, 'no spaces']);
    expect([misnamed.code, misnamed.stderr]).toEqual([
      1,
      expect.stringContaining("400: Invalid channel name: 'no spaces'"),
    ]);
  });

  test('explains how to start a server if none runs, and exits with 1', async () => {
    const { port } = new URL(await deadUrl());
    const { code, stderr } = await runProgram(['trigger', '--port', port, '-c', 'news', '-e', 'x']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing listens there (ECONNREFUSED)');
    expect(stderr).toContain(`soketify-emulator --host 127.0.0.1 --port ${port}`);
  });

  test('shows an IPv6 address without brackets in that explanation, as --host accepts it', async () => {
    const { stderr } = await runProgram(['trigger', '--url', 'http://[::1]:9', '-c', 'news', '-e', 'x']);
    expect(stderr).toContain('soketify-emulator --host ::1 --port 9');
  });

  test.each([
    [['-e', 'x'], /--channel <name>' not specified/],
    [['-c', 'news'], /--event <name>' not specified/],
    [['-c', 'news', '-e', 'x', '--port', '65536'], /Expected a whole number from 0 to 65535/],
    [['-c', 'news', '-e', 'x', '--url', 'ws://h'], /Expected an http or https URL/],
    [['-c', 'news', '-e', 'x', '--url', 'http://h', '--port', '1'], /got both/],
  ])('rejects %j with 2', async (args, message) => {
    const { code, stderr } = await runProgram(['trigger', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
