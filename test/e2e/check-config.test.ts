import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { runProgram } from '../support/e2e/server.ts';

async function check(config: unknown, env?: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-check-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'config.json');
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return runProgram(['check-config', file], env);
}

describe('soketify-emulator check-config', () => {
  test('prints the effective configuration from defaults, file and environment', async () => {
    const { code, stdout, stderr } = await check(
      {
        port: 7001,
        limits: { connections: 5 },
        apps: [{ ...app, webhooks: [{ url: 'http://127.0.0.1:9/h' }] }],
      },
      { SOKETIFY_PORT: '7002', SOKETIFY_APP_ID: '9' },
    );
    expect([code, stderr]).toEqual([
      0,
      'note: port of the configuration file is overridden by SOKETIFY_PORT: 7002 instead of 7001\n' +
        'note: apps[0].id of the configuration file is overridden by SOKETIFY_APP_ID: "9" instead of "1"\n',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      host: '127.0.0.1',
      port: 7002,
      limits: { connections: 5, triggersPerSecond: null },
      webhooks: { disconnectGraceMs: 3000 },
      apps: [{ id: '9', key: 'app-key', secret: '********', limits: { connections: 5 } }],
    });
  });

  test('masks everything that may be secret', async () => {
    const { code, stdout } = await check({
      apps: [
        {
          ...app,
          secret: 's3cret',
          otherKeys: [{ key: 'old', secret: 's3cret-too' }],
          webhooks: [{ url: 'https://h/x?token=s3cret', headers: { authorization: 'Bearer s3cret' } }],
        },
      ],
      redis: { url: 'rediss://user:s3cret@h:6380/2', tls: { rejectUnauthorized: false } },
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain('s3cret');
    expect(JSON.parse(stdout)).toMatchObject({
      apps: [
        {
          otherKeys: [{ key: 'old', secret: '********' }],
          webhooks: [{ url: 'https://h/x?********', headers: { authorization: '********' } }],
        },
      ],
      redis: { url: 'rediss://user:********@h:6380/2' },
    });
  });

  test('prints the effective configuration without a file', async () => {
    const { code, stdout } = await runProgram(['check-config']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ port: 6001, apps: [{ id: '1', key: 'app-key' }] });
  });

  test('warns on standard error', async () => {
    const { code, stderr } = await check({ apps: [app], host: '0.0.0.0' }, { SOKETIFY_PROT: '1' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*SOKETIFY_PROT.*\nwarning: the secret of app "1" is the default one/);
  });

  test('reports errors as the server does, and exits with 2', async () => {
    const { code, stdout, stderr } = await check({ apps: [{ ...app, secrett: 'x' }], prot: 1 });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/The configuration in \/.*config\.json has 2 faults:[^]*apps\[0\]\.secrett/);
    expect((await check('{')).code).toBe(2);
    expect((await runProgram(['check-config', '/nowhere.json'])).stderr).toContain('there is no such file');
  });

  test('refuses http endpoints in production, as the server does', async () => {
    const config = { apps: [{ ...app, webhooks: [{ url: 'http://h/' }] }] };
    const { code, stderr } = await check(config, { NODE_ENV: 'production' });
    expect(code).toBe(2);
    expect(stderr).toContain('must be HTTPS in production');
  });
});

describe('the command line', () => {
  test('lists its commands', async () => {
    const { code, stdout } = await runProgram(['--help']);
    expect(code).toBe(0);
    for (const name of ['listen', 'trigger', 'send-webhook', 'check-config']) {
      expect(stdout).toContain(name);
      const [asked, helped] = await Promise.all([runProgram([name, '--help']), runProgram(['help', name])]);
      expect(asked.code).toBe(0);
      expect(asked.stdout).toContain(`soketify-emulator ${name} `);
      expect(asked.stdout).toContain('Exit codes:');
      expect(helped.stdout).toBe(asked.stdout);
    }
  });

  test('rejects an unknown command with 2', async () => {
    const { code, stderr } = await runProgram(['lisen']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'lisen'. Did you mean listen?");
    const { stderr: far } = await runProgram(['nonsense']);
    expect(far).toMatch(/unknown command 'nonsense'\. Expected one of status, tail,/);
  });

  test('takes an argument that ends in .json as the configuration', async () => {
    const { code, stderr } = await runProgram(['/nowhere/config.json', '--port', '0']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/nowhere\/config\.json[^]*there is no such file/);
    const both = await runProgram(['--config', 'a.json', 'b.json']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('expected one configuration')]);
  });
});
