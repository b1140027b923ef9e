import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { connectEmulator } from '../../src/index.ts';
import { emulatorContract } from '../integration/emulator/contract.suite.ts';
import { startServer } from '../support/e2e/server.ts';

async function startRemote(env: Readonly<Record<string, string>> = {}) {
  const server = await startServer(undefined, { args: ['--control', 'virtual'], env });
  onTestFinished(() => server.stop());
  return server;
}

emulatorContract('an emulator in another process', async () => {
  const emulator = await connectEmulator((await startRemote()).url);
  onTestFinished(() => emulator.close());
  return emulator;
});

test('an emulator with a token returns secrets only with the token', async () => {
  const { url } = await startRemote({ SOKETIFY_CONTROL_TOKEN: 't', SOKETIFY_APP_SECRET: 'hush' });
  await expect(connectEmulator(url)).rejects.toMatchObject({
    code: 'ERR_REMOTE',
    message: expect.stringContaining('Authorization: Bearer TOKEN') as string,
  });
  await using emulator = await connectEmulator(`${url}/control/`, { token: 't' });
  expect(emulator.secret).toBe('hush');
});

test('an emulator without a token returns no secret, and states how to obtain it', async () => {
  const { url } = await startRemote({ SOKETIFY_APP_SECRET: 'hush' });
  await using emulator = await connectEmulator(url);
  expect(emulator.key).toBe('app-key');
  expect(() => emulator.secret).toThrow(/only to clients with a token; start it with control\.token/);
});

test.each([
  ['require', (dist: string) => `const { connectEmulator } = require('${dist}/index.cjs');`],
  ['import', (dist: string) => `import { connectEmulator } from '${dist}/index.js';`],
])('the package connects by %s, and does not keep the process alive', async (how, load) => {
  const { url } = await startRemote();
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const ask = `connectEmulator('${url}').then(({ id, events }) => console.log(id, events));`;
  const args = [`--input-type=${how === 'import' ? 'module' : 'commonjs'}`, '-e', load(dist) + ask];
  expect((await promisify(execFile)(process.execPath, args)).stdout).toBe('1 []\n');
});

test('an app that another process removed is unknown, and one that it adds instead has its own key', async () => {
  const { url } = await startRemote();
  await using here = await connectEmulator(url);
  await using there = await connectEmulator(url);
  await there.createApp({ id: 'shop', key: 'first' });
  const shop = here.app('shop');
  expect(inspect(shop)).toBe("EmulatorApp { id: 'shop', key: 'first' }");
  await there.removeApp('shop');
  expect(() => here.app('shop')).toThrow(expect.objectContaining({ code: 'ERR_APP_UNKNOWN' }));
  expect(inspect(shop)).toBe("EmulatorApp { id: 'shop' }");
  await there.createApp({ id: 'shop', key: 'second' });
  expect(here.app('shop').clientOptions().key).toBe('second');
});

test('a function cannot be a condition for an emulator in another process', async () => {
  await using emulator = await connectEmulator((await startRemote()).url);
  await expect(emulator.webhooks.waitFor(() => true)).rejects.toMatchObject({ code: 'ERR_REMOTE' });
});

test.each([
  ['nowhere', 'ERR_ARGUMENT_INVALID', /expected the URL of an emulator/],
  ['ftp://127.0.0.1', 'ERR_ARGUMENT_INVALID', /got "ftp:/],
  ['http://127.0.0.1:9', 'ERR_REMOTE', /does not answer .*is it running/],
])('%s is rejected with an instruction', async (url, code, message) => {
  await expect(connectEmulator(url)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});

test('a server without the control API is rejected with an instruction', async () => {
  await using server = await startServer();
  await expect(connectEmulator(server.url)).rejects.toMatchObject({
    code: 'ERR_REMOTE',
    message: expect.stringMatching(/answers 404: expected an emulator .* start it with --control/) as string,
  });
});
