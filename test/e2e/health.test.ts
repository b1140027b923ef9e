import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { app, type Config } from '../support/e2e/config.ts';
import { freePort } from '../support/redis/ports.ts';
import { runProgram, startServer } from '../support/e2e/server.ts';

const pem = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
const tls = { certFile: pem('localhost.cert'), keyFile: pem('localhost.key') };

const health = (...args: readonly string[]) => runProgram(['health', ...args]);

describe('soketify-emulator health', () => {
  test('asks a server, and prints its answer', async () => {
    await using server = await startServer({ apps: [app] });
    const { code, stdout } = await health('--port', `${server.port}`);
    expect([code, stdout]).toEqual([0, '200 {"status":"ready","apps":1}\n']);
  });

  test('uses TLS for a server that is configured so, and accepts any certificate', async () => {
    const config: Config & { readonly tls: typeof tls } = { apps: [app], tls };
    await using server = await startServer(config);
    const args = ['--config', server.configFile, '--port', `${server.port}`];
    expect(await health(...args)).toMatchObject({ code: 0 });
  });

  test.runIf(process.platform === 'linux')('finds the server of a process by its command line', async () => {
    const port = await freePort();
    await using server = await startServer({ apps: [app] }, { args: ['--port', `${port}`] });
    expect(await health('--of', `${server.pid}`)).toMatchObject({ code: 0 });
    // A half-edited configuration file does not make the server unhealthy.
    await server.rewriteConfig({ apps: [{ id: 'faulty' }] });
    expect(await health('--of', `${server.pid}`)).toMatchObject({ code: 0 });
  });

  test('a server that does not run is not healthy', async () => {
    const port = await freePort();
    const { code, stderr } = await health('--port', `${port}`);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(`^no answer from http://127.0.0.1:${port}/healthz: .*ECONNREFUSED`),
    ]);
  });

  test.each([
    [['--port', '0'], 'port 0 is any free one'],
    [['--of', 'x'], 'expected the id of a process'],
    [['--config', '/nowhere.json'], 'cannot be read'],
  ])('%s is wrong usage', async (args, message) => {
    expect(await health(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message) as string,
    });
  });
});
