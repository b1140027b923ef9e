import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createServer } from '../../src/node/server.ts';
import { StartError } from '../../src/ports/start-error.ts';
import { loadUws } from '../../src/transport/uws.ts';
import { get } from './support/http.ts';
import { configOf, startServer } from './support/server.ts';

describe('listening', () => {
  test('on port 0 uses a free one and returns it', async () => {
    const [one, other] = [await startServer(), await startServer()];
    expect(one.port).toBeGreaterThan(0);
    expect(other.port).not.toBe(one.port);
  });

  test('on a port of another server of this program is refused with ERR_LISTEN', async () => {
    const server = await startServer();
    const second = createServer(configOf({ port: server.port }));
    await expect(second).rejects.toBeInstanceOf(StartError);
    await expect(second).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      message: `cannot listen on 127.0.0.1:${server.port}: the port is taken, the address does not belong to this machine, the host name has no address, or the port needs more rights. Choose another port or host (on the command line --port, --host); port 0 takes any free one`,
    });
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });

  test('on a port of another program is refused with ERR_LISTEN', async () => {
    const other = createHttpServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(createServer(configOf({ port }))).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  test('on an address of another machine is refused with ERR_LISTEN', async () => {
    await expect(createServer(configOf({ host: '192.0.2.1' }))).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  test('is possible again once the server on the port has closed', async () => {
    const { port, close } = await startServer();
    await close();
    const again = await startServer({ port });
    expect(again.port).toBe(port);
    expect(await get(again, '/livez')).toMatchObject({ status: 200 });
  });
});

describe('the native module', () => {
  test('that cannot load gives one readable line with what to do', async () => {
    const cause = new Error('This version of uWS.js supports only Node.js 20\n\nError: invalid ELF header\n');
    const failed = loadUws(() => Promise.reject(cause));
    await expect(failed).rejects.toBeInstanceOf(StartError);
    await expect(failed).rejects.toMatchObject({ code: 'ERR_UWS_LOAD', cause });
    const message = await failed.catch((error: unknown) => (error as Error).message);
    expect(message).not.toContain('\n');
    expect(message).toContain(`${process.platform} ${process.arch} with Node ${process.versions.node}`);
    expect(message).toContain('Error: invalid ELF header. Install the package again (npm ci)');
  });

  test.each([[undefined], [null], ['text'], [new Error('')]])(
    'that fails with %o is reported, too',
    async (thrown) => {
      await expect(loadUws(() => Promise.reject(thrown as Error))).rejects.toMatchObject({
        code: 'ERR_UWS_LOAD',
        message: expect.stringContaining('cannot be loaded') as string,
      });
    },
  );

  test('that cannot load because of the machine says what the machine lacks', async () => {
    const alpine = () => ({
      platform: 'linux',
      arch: 'x64',
      node: '24.11.0',
      modules: '137',
      glibc: undefined,
    });
    const failed = loadUws(
      () => Promise.reject(new Error('Error loading shared library ld-linux-x86-64.so.2')),
      undefined,
      alpine,
    );
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_UWS_LOAD',
      message: expect.stringMatching(/on linux x64 with Node 24\.11\.0: this system has no glibc/) as string,
    });
  });

  test('loads here', async () => {
    expect(await loadUws()).toHaveProperty('App');
  });
});
