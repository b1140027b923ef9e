import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { deadUrl, startReceiver } from '../support/e2e/receiver.ts';
import { runProgram, startServer } from '../support/e2e/server.ts';

/** A file with the record of a program in which a channel was occupied, as curl writes it. */
async function recordFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-record-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await using recorded = await startReceiver();
  await using server = await startServer(
    { apps: [{ ...app, webhooks: [{ url: recorded.url }] }] },
    { args: ['--control'] },
  );
  const { pusher } = await connectClient(server);
  pusher.subscribe('news');
  await recorded.requests.first(() => true);
  const ask = (path: string, init?: RequestInit) => fetch(`${server.url}/control${path}`, init);
  await ask('/idle', { method: 'POST' });
  const file = join(folder, 'run.json');
  writeFileSync(file, await (await ask('/record')).text());
  pusher.disconnect();
  return file;
}

describe('soketify-emulator replay', () => {
  test('sends the webhooks of a record, and prints the answers of the backend', async () => {
    const file = await recordFile();
    await using backend = await startReceiver({ secret: 'other' });
    const args = ['replay', file, '--url', backend.url, '--secret', 'other', '--header', 'X-Extra: yes'];
    const { code, stdout, stderr } = await runProgram(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^channel_occupied on news as msg_[\w-]+: 200 in \d+ ms\n1 webhooks sent: 1 accepted, 0 not\n$/,
    );
    const { verified, events, headers } = await backend.requests.first(() => true);
    expect({ verified, events }).toEqual({
      verified: true,
      events: [{ name: 'channel_occupied', channel: 'news' }],
    });
    expect(headers).toMatchObject({ 'x-extra': 'yes', 'x-pusher-key': app.key });

    const dead = await runProgram(['replay', file, '--url', await deadUrl(), '--json']);
    expect(dead.code).toBe(1);
    expect(JSON.parse(dead.stdout)).toMatchObject({ outcome: 'unreachable', error: 'ECONNREFUSED' });

    const record = JSON.parse(readFileSync(file, 'utf8')) as object;
    for (const [given, said] of [
      [{ ...record, version: 9 }, 'version: this version of soketify-emulator reads version 1, got 9'],
      [{}, "format: expected 'soketify-record', got nothing"],
    ] as const) {
      writeFileSync(file, JSON.stringify(given));
      const refused = await runProgram(['replay', file, '--url', backend.url]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`${file}: ${said}`);
    }
    writeFileSync(file, 'no JSON');
    expect(await runProgram(['replay', file, '--url', backend.url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${file} is not valid JSON at line 1, column 1`) as string,
    });
  });

  test.each([
    [['none.json', '--url', 'http://127.0.0.1:9/'], 'none.json cannot be read: there is no such file'],
    [['none.json', '--url', 'nowhere'], 'Expected an http or https URL.'],
    [['none.json', '--url', 'http://127.0.0.1:9/', '--speed', '0'], 'Expected a number above 0'],
    [[], "missing required argument 'file'"],
  ])('%j is refused with what is wrong', async (args, said) => {
    const { code, stderr } = await runProgram(['replay', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});
