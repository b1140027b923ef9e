import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, otherApp, quickConfig } from '../support/e2e/config.ts';
import { startListener } from '../support/e2e/listener.ts';
import { deadUrl, startReceiver } from '../support/e2e/receiver.ts';
import { runProgram, startServer, type Server } from '../support/e2e/server.ts';

const token = 'a-token-of-32-characters-in-full';
const viewToken = 'another-token-which-only-looks-on';

/** Runs a command on a server. */
function ask(server: Server, ...args: readonly string[]) {
  return runProgram(args, { SOKETIFY_URL: server.url });
}

/** The same, with the output parsed as JSON. */
async function askJson(server: Server, ...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await ask(server, ...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the server of a command', () => {
  test('is set by --url, by SOKETIFY_URL, or by the configuration, with its token', async () => {
    await using server = await startServer({ apps: [app], dashboard: { token, viewToken } });
    const bare = await runProgram(['status', '--url', server.url]);
    expect([bare.code, bare.stdout]).toEqual([1, '']);
    expect(bare.stderr).toContain('The server needs a token: give it with --token');
    const wrong = await runProgram(['status', '--url', server.url, '--token', 'wrong']);
    expect(wrong.stderr).toContain('The token from --token is wrong');

    const named = await runProgram(['status', '--url', `${server.url}/dashboard/`, '--token', token]);
    expect([named.code, named.stderr]).toEqual([0, '']);
    const variables = { SOKETIFY_URL: server.url, SOKETIFY_DASHBOARD_TOKEN: token };
    expect((await runProgram(['status'], variables)).code).toBe(0);

    const folder = await mkdtemp(join(tmpdir(), 'soketify-asking-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'token'), `${token}\n`);
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ port: server.port, dashboard: { tokenFile: 'token' } }),
    );
    const ofFile = await runProgram(['status', '--config', join(folder, 'config.json'), '--json']);
    expect(JSON.parse(ofFile.stdout)).toMatchObject({
      self: { role: 'full', version: expect.any(String) as string },
      overview: { connections: 0 },
      apps: [{ id: app.id }],
    });
    const byFile = await runProgram(['channels', '--url', server.url, '--token-file', join(folder, 'token')]);
    expect([byFile.code, byFile.stdout]).toEqual([0, 'no occupied channel\n']);
  });

  test('gives read access to the view token, and states what it must not do', async () => {
    await using server = await startServer(
      {
        ...quickConfig({ id: 'main', url: 'http://127.0.0.1:9/' }),
        dashboard: { token, viewToken },
      },
      {},
    );
    const env = { SOKETIFY_URL: server.url, SOKETIFY_DASHBOARD_VIEW_TOKEN: viewToken };
    expect((await runProgram(['endpoints', 'list'], env)).code).toBe(0);
    const refused = await runProgram(['endpoints', 'pause', 'main'], env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('The token from SOKETIFY_DASHBOARD_VIEW_TOKEN is for viewing only');
  });

  test('explains what to do if no server runs, no admin API is served, or something else answers', async () => {
    const { origin } = new URL(await deadUrl());
    const dead = await runProgram(['status', '--url', origin]);
    expect(dead.code).toBe(1);
    expect(dead.stderr).toMatch(/nothing listens there \(ECONNREFUSED\)\nIs the server running\?/);
    await using server = await startServer({ apps: [app], dashboard: false });
    expect((await ask(server, 'status')).stderr).toContain('no admin API is served at');
    await using other = await startListener();
    const strange = await runProgram(['status', '--url', new URL(other.url).origin]);
    expect([strange.code, strange.stderr]).toEqual([
      1,
      expect.stringContaining('is not from an admin API: 405'),
    ]);
    const faulty = await runProgram(['status', '--config', '/nowhere.json']);
    expect([faulty.code, faulty.stderr]).toEqual([
      2,
      expect.stringContaining('/nowhere.json cannot be read'),
    ]);
    expect((await runProgram(['status'], { SOKETIFY_URL: 'nonsense' })).code).toBe(2);
  });

  test('has one app or several, and suggests the name that was meant', async () => {
    await using server = await startServer({ apps: [app, { ...otherApp, id: 'shopping' }] });
    const unsaid = await ask(server, 'channels');
    expect([unsaid.code, unsaid.stderr]).toEqual([
      2,
      expect.stringContaining('several apps; choose one with --app: 1, shopping'),
    ]);
    const misspelt = await ask(server, 'channels', '--app', 'shoping');
    expect([misspelt.code, misspelt.stderr]).toEqual([
      1,
      expect.stringContaining("there is no app 'shoping'. Did you mean shopping?"),
    ]);
    expect((await ask(server, 'channels', '--app', 'shopping')).code).toBe(0);
    const env = { SOKETIFY_URL: server.url, SOKETIFY_APP_ID: 'shopping' };
    expect((await runProgram(['endpoints', 'list'], env)).stdout).toContain(
      'the app shopping has no endpoint',
    );
  });
});

describe('soketify-emulator status and channels', () => {
  test('show the state of the server and its channels', async () => {
    await using server = await startServer(quickConfig({ id: 'main', url: await deadUrl() }));
    const { subscribe, subscribePresence, socketId } = await connectClient(server, {
      member: { user_id: 'anna' },
    });
    await subscribe('news');
    await subscribePresence('presence-lobby');
    const status = await ask(server, 'status');
    expect(status.stdout).toMatch(/clients +1 connection, 2 channels, 1 member\n/);
    expect(status.stdout).toMatch(/APP +KEY +CONNECTIONS +CHANNELS +STATE\n1 +app-key +1 +2 +served\n/);
    expect(status.stdout).toMatch(/\n1 +main +\d+ /);
    const channels = await ask(server, 'channels');
    expect(channels.stdout).toBe(
      'CHANNEL         KIND      SUBSCRIBERS  USERS\nnews            public              1\npresence-lobby  presence            1      1\n',
    );
    expect(await askJson(server, 'channels', '--prefix', 'presence-')).toEqual([
      { name: 'presence-lobby', kind: 'presence', isCache: false, subscriptionCount: 1, userCount: 1 },
    ]);
    const limited = await ask(server, 'channels', '--limit', '1');
    expect([limited.stdout, limited.stderr]).toEqual([
      expect.stringContaining('news'),
      'there are more channels; raise --limit (1) to see them\n',
    ]);
    const shown = await ask(server, 'channels', 'presence-lobby');
    expect(shown.stdout).toMatch(/users +1: anna\n/);
    expect(shown.stdout).toContain(socketId);
    expect((await ask(server, 'channels', 'no spaces')).code).toBe(1);
  });
});

describe('soketify-emulator endpoints', () => {
  test('adds, lists, edits, pauses, resumes and removes an endpoint', async () => {
    await using hooks = await startReceiver();
    await using server = await startServer({ ...quickConfig({ id: 'main', url: hooks.url }) });
    const added = await ask(
      server,
      'endpoints',
      'add',
      hooks.url,
      '--id',
      'rooms',
      '--header',
      'X-Team: blue',
    );
    expect([added.code, added.stdout]).toEqual([0, `added: endpoint rooms, ${hooks.url}\n`]);
    const settings = ['--event-type', 'member_added', '--starts-with', 'presence-', '--batch-events', '1'];
    expect((await ask(server, 'endpoints', 'edit', 'rooms', ...settings, '--standard-signature')).code).toBe(
      0,
    );
    const edit = ['endpoints', 'edit', 'rooms', '--no-standard-signature', '--header', 'X-Floor: 2'];
    await ask(server, ...edit, '--remove-header', 'x-team', '--to', `${hooks.url}/2`);
    const [, rooms] = await askJson(server, 'endpoints', 'list');
    expect(rooms).toMatchObject({
      id: 'rooms',
      origin: 'run-time',
      url: `${hooks.url}/2`,
      eventTypes: ['member_added'],
      channels: { startsWith: 'presence-', endsWith: '' },
      headers: { 'X-Floor': '2' },
      standardSignature: false,
      reconcile: false,
      ownBatch: { maxEvents: 1 },
    });
    expect((await ask(server, 'endpoints', 'pause', `${hooks.url}/2`)).stdout).toContain(
      'paused (hold): endpoint rooms',
    );
    expect((await ask(server, 'endpoints', 'list')).stdout).toMatch(/rooms +run-time +paused \(hold\)/);
    expect((await ask(server, 'endpoints', 'resume', 'rooms')).stdout).toContain('resumed: endpoint rooms');
    const same = await ask(server, 'endpoints', 'edit', 'rooms');
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('nothing to change')]);
    const header = await ask(server, 'endpoints', 'edit', 'rooms', '--remove-header', 'x-flor');
    expect([header.code, header.stderr]).toEqual([
      2,
      expect.stringMatching(/no header 'x-flor'; it has .*X-Floor/),
    ]);
    const misnamed = await ask(server, 'endpoints', 'delete', 'rooms');
    expect([misnamed.code, misnamed.stderr]).toEqual([
      2,
      expect.stringContaining('Expected one of list, add, edit'),
    ]);
    const ofFile = await ask(server, 'endpoints', 'remove', 'main');
    expect([ofFile.code, ofFile.stderr]).toEqual([1, expect.stringContaining('ERR_SET_BY_FILE')]);
    expect((await ask(server, 'endpoints', 'remove', 'rooms')).code).toBe(0);
    const gone = await ask(server, 'endpoints', 'pause', 'man');
    expect(gone.stderr).toContain("the app '1' has no endpoint 'man'. Did you mean main?");
  });

  test('explains what is wrong with a setting', async () => {
    await using server = await startServer({ apps: [app] });
    const header = await ask(server, 'endpoints', 'add', 'http://h/', '--header', 'nonsense');
    expect([header.code, header.stderr]).toEqual([2, expect.stringContaining("expected 'NAME: VALUE'")]);
    const reserved = await ask(server, 'endpoints', 'add', 'http://h/', '--header', 'Host: x');
    expect([reserved.code, reserved.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: [^\n]*headers\.Host: expected [^\n]*\n$/),
    ]);
    const misspelt = await ask(server, 'endpoints', 'add', 'http://h/', '--event-type', 'member_add');
    expect([misspelt.code, misspelt.stderr]).toEqual([
      2,
      expect.stringContaining('Did you mean member_added?'),
    ]);
    const unknown = await ask(server, 'endpoints', 'pauze', 'x');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean pause?')]);
  });
});

describe('soketify-emulator deliveries, dropped, resend and recover', () => {
  test('show what was sent, and resend what was lost', async () => {
    let isBroken = true;
    await using hooks = await startReceiver({ answer: () => (isBroken ? 500 : 200) });
    const config = quickConfig({ id: 'main', url: hooks.url });
    await using server = await startServer({
      ...config,
      webhooks: { ...config.webhooks, retry: { initialDelayMs: 10, maxDelayMs: 10, maxElapsedMs: 100 } },
    });
    const { subscribe } = await connectClient(server);
    await subscribe('news');
    const letters = await lettersOf(server, 1);
    const id = String(letters[0]?.['id']);
    expect(letters).toMatchObject([{ endpoint: 'main', reason: 'expired' }]);
    const listed = await ask(server, 'deliveries', '--outcome', 'dropped', '--channel', 'ne*');
    expect(listed.stdout).toMatch(/main +channel_occupied on news +dropped \(expired\) +\d+ +500\n/);
    expect((await ask(server, 'deliveries', '--outcome', 'delivered')).stdout).toBe('no deliveries\n');
    const [shown] = await askJson(server, 'deliveries', id);
    expect(shown).toMatchObject({ id, body: expect.stringContaining('channel_occupied') as string });
    expect((await ask(server, 'deliveries', id)).stdout).toMatch(/ATTEMPT +TIME +TOOK +RESULT +ANSWER\n +1 /);
    expect((await ask(server, 'dropped', '--since', '1h')).stdout).toMatch(/expired +\d+ +500\n/);
    expect((await ask(server, 'dropped', '--until', '1h')).stdout).toBe('nothing was dropped\n');
    expect((await ask(server, 'dropped', '--since', 'tomorrow')).code).toBe(2);

    const refused = await ask(server, 'resend', id);
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringMatching(/not accepted, 500 in \d+ ms/)]);
    isBroken = false;
    const several = await ask(server, 'resend', id, 'msg_unknown');
    expect(several.code).toBe(1);
    expect(several.stdout).toContain(`${id} accepted, 200`);
    expect(several.stderr).toContain('msg_unknown: no delivery');
  });

  test('recover what an endpoint has lost', async () => {
    let isBroken = true;
    await using hooks = await startReceiver({ answer: () => (isBroken ? 500 : 200) });
    const config = quickConfig({ id: 'main', url: hooks.url });
    await using server = await startServer({
      ...config,
      webhooks: { ...config.webhooks, retry: { initialDelayMs: 10, maxDelayMs: 10, maxElapsedMs: 100 } },
    });
    const { subscribe } = await connectClient(server);
    await subscribe('news');
    await lettersOf(server, 1);
    const estimate = await ask(server, 'recover', 'main', '--dry-run');
    expect(estimate.stdout).toBe('would resend 1 deliveries with 1 events to main\n');
    isBroken = false;
    const recovered = await ask(server, 'recover', 'main');
    expect([recovered.code, recovered.stdout]).toEqual([
      0,
      'the recovery of main is finished: 1 accepted, 0 failed, 0 skipped, 0 left\n',
    ]);
    expect(await hooks.namesOf('news', 1)).toEqual(['channel_occupied']);
  });
});

/** The dropped deliveries, once there are `count`. */
async function lettersOf(server: Server, count: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const letters = await askJson(server, 'dropped');
    if (letters.length >= count) return letters;
  }
}
