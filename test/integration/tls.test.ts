import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { hello, startGateway, topic } from './support/gateway.ts';
import { signedTarget } from './support/http.ts';
import { configOf, startServer } from './support/server.ts';
import { createServer } from '../../src/node/server.ts';
import { loadUws } from '../../src/transport/uws.ts';
import { believing, dialTls, encrypted, fingerprint, pair, passphrase, shown } from './support/tls.ts';

interface Port {
  readonly port: number;
}

const tls = pair('localhost');

async function connectSecurely({ port }: Port, path = '/app/app-key'): Promise<Client> {
  const client = new Client(`wss://127.0.0.1:${port}${path}`, [], believing);
  await once(client.ws, 'open');
  return client;
}

async function send({ port }: Port, method: string, path: string, body = ''): Promise<string> {
  const outgoing = request({ host: '127.0.0.1', port, ...believing, method, path });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return `${response.statusCode} ${await text(response)}`;
}

function trigger(server: Port, data: string): Promise<string> {
  const body = JSON.stringify({ name: 'news', channel: 'news', data });
  return send(server, 'POST', signedTarget('POST', '/apps/1/events', { body }), body);
}

/** The result of a handshake with these options: the agreed suite, or that it was refused. */
async function agreedSuite({ port }: Port, options: ConnectionOptions): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ...believing, ...options });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket.getCipher().name));
    socket.once('error', () => resolve('refused'));
  });
}

describe('a client that offers', () => {
  const tls12 = { maxVersion: 'TLSv1.2' } as const;

  test.each(['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA', 'AES256-SHA'])(
    'only %s, which has no forward secrecy, is refused; beside a suite that has, that one is used',
    async (ciphers) => {
      // Such a suite needs a certificate with an RSA key.
      const server = await startServer({ tls: pair('rsa') });
      expect(await agreedSuite(server, { ...tls12, ciphers })).toBe('refused');
      expect(await agreedSuite(server, { ...tls12, ciphers: `${ciphers}:ECDHE-RSA-AES128-GCM-SHA256` })).toBe(
        'ECDHE-RSA-AES128-GCM-SHA256',
      );
    },
  );

  test('what current clients offer is served, with TLS 1.3 and 1.2', async () => {
    const server = await startServer({ tls });
    expect(await agreedSuite(server, {})).toMatch(/^TLS_/);
    expect(await agreedSuite(server, tls12)).toMatch(/^ECDHE-/);
  });

  test('a version before TLS 1.2 is refused', async () => {
    const server = await startServer({ tls });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await agreedSuite(server, old)).toBe('refused');
  });
});

describe('with a certificate', () => {
  test('sockets and HTTP use TLS', async () => {
    const server = await startServer({ tls });
    const client = await connectSecurely(server);
    await client.subscribe('news');
    expect(await trigger(server, 'x')).toBe('200 {}');
    expect(await client.next('news')).toMatchObject({ data: 'x' });
    expect(await shown(server)).toBe(fingerprint('localhost'));
  });

  test('a client without TLS fails, and disturbs nobody', async () => {
    const server = await startServer({ tls });
    const client = new Client(`ws://127.0.0.1:${server.port}/app/app-key`);
    expect(await client.closed).toMatchObject({ code: 1006 });
    expect(await send(server, 'GET', '/livez')).toBe('200 {"status":"live"}');
  });

  test('an encrypted key is opened by the passphrase', async () => {
    const server = await startServer({ tls: { ...encrypted, passphrase } });
    expect(await shown(server)).toBe(fingerprint('localhost'));
  });

  test('a large response and many frames arrive completely', async () => {
    const server = await startServer({ tls, limits: { eventDataBytes: 200_000 } });
    const client = await connectSecurely(server);
    await client.subscribe('news');
    for (let count = 0; count < 20; count += 1) await trigger(server, `${count}:${'x'.repeat(100_000)}`);
    await client.ping();
    expect(client.of('news').map(({ data }) => Number.parseInt(data as string, 10))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });
});

const unusable = [
  [{ ...tls, certFile: '/no/such.pem' }, /^cannot use the certificate \/no\/such\.pem: ENOENT: no such file/],
  [{ ...tls, keyFile: '/no/such.pem' }, /^cannot use the key \/no\/such\.pem: ENOENT: no such file/],
  [{ ...tls, certFile: import.meta.filename }, /^cannot use the certificate .*: it is not in PEM format$/],
  [
    { ...tls, keyFile: import.meta.filename },
    /^cannot use the key .*: it is not a private key in PEM format$/,
  ],
  [
    { ...tls, keyFile: pair('second').keyFile },
    /^cannot use the key .*: it does not belong to the certificate$/,
  ],
  [{ ...encrypted, passphrase: 'wrong' }, /^cannot use the key .*: the passphrase is wrong or missing$/],
  [encrypted, /^cannot use the key .*: the passphrase is (wrong or )?missing$/],
] as const;

test.each(unusable)('a server with the unusable files %j does not start', async (files, message) => {
  const gateway = startGateway({ tls: files });
  await expect(gateway).rejects.toMatchObject({
    code: 'ERR_TLS',
    message: expect.stringMatching(message) as string,
  });
});

test('a port of another server with a certificate counts as taken', async () => {
  const { port } = await startGateway({ tls });
  await expect(startGateway({ tls, port })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  await expect(startGateway({ port })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
});

test('a server whose metrics port is taken frees its other port again', async () => {
  const taken = await startServer();
  const { port } = await startServer();
  const metrics = { port: taken.port };
  await expect(createServer(configOf({ tls, metrics }))).rejects.toMatchObject({
    code: 'ERR_LISTEN',
    message: expect.stringContaining('metrics.port') as string,
  });
  expect(port).not.toBe(taken.port);
});

describe('a new certificate', () => {
  test('is used for new clients and does not affect the others', async () => {
    const server = await startServer({ tls });
    const before = await connectSecurely(server);
    await before.subscribe('news');
    await server.configuration.takeFile(configOf({ tls: pair('second') }), 'test');
    expect(await shown(server)).toBe(fingerprint('second'));
    const after = await connectSecurely(server);
    await after.subscribe('news');

    expect(await trigger(server, 'x')).toBe('200 {}');
    for (const client of [before, after]) {
      await client.next('news');
      await client.ping();
      expect(client.of('news')).toHaveLength(1);
    }
  });

  test('is loaded only if the content of its files has changed, not for another name or time', async () => {
    const uws = await loadUws();
    const made = vi.spyOn(uws, 'SSLApp');
    onTestFinished(() => made.mockRestore());
    const { gateway } = await startGateway({ tls });
    const folder = await mkdtemp(join(tmpdir(), 'soketify-tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const copied = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    await copyFile(tls.certFile, copied.certFile);
    await copyFile(tls.keyFile, copied.keyFile);
    made.mockClear();
    expect(await gateway.reloadTls(tls)).toBe(false);
    expect(await gateway.reloadTls(copied)).toBe(false);
    expect(made).not.toHaveBeenCalled();
    expect(await gateway.reloadTls(pair('second'))).toBe(true);
    expect(await gateway.reloadTls(pair('second'))).toBe(false);
    expect(made).toHaveBeenCalledTimes(1);
  });

  test('may be loaded repeatedly: each client receives everything once, whenever it connected', async () => {
    const { gateway, ...server } = await startGateway({ tls });
    const clients = [await connectSecurely(server)];
    for (const name of ['second', 'localhost', 'second'] as const) {
      await gateway.reloadTls(pair(name));
      clients.push(await connectSecurely(server));
    }
    gateway.publish(topic, '{"event":"all"}');
    for (const [sender, socket] of server.sockets.entries()) {
      socket.publishToOthers(topic, `{"event":"from ${sender}"}`);
    }
    for (const [receiver, client] of clients.entries()) {
      const others = [0, 1, 2, 3].filter((sender) => sender !== receiver).map((sender) => `from ${sender}`);
      await client.next(others.at(-1) ?? '');
      expect(client.frames.items.map(({ event }) => event)).toEqual(['hello', 'all', ...others]);
    }
  });

  test('lets a request in progress end, and then the connection', async () => {
    const server = await startServer({ tls });
    const body = JSON.stringify({ name: 'news', channel: 'news', data: 'x' });
    const target = signedTarget('POST', '/apps/1/events', { body });
    const socket = await dialTls(server);
    socket.write(
      `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    // The first half of the request has arrived when another connection was answered.
    await send(server, 'GET', '/livez');
    await server.configuration.takeFile(configOf({ tls: pair('second') }), 'test');
    socket.write(body.slice(9));
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  });

  test('closes what is left of the old one half a minute after its last client', async () => {
    const { gateway, clock, ...server } = await startGateway({ tls });
    const client = await connectSecurely(server);
    await gateway.reloadTls(pair('second'));
    const idle = await dialTls(server);
    await gateway.reloadTls(tls);
    const closed = new Promise((resolve) => idle.on('close', resolve));
    await clock.advance(30_000);
    await closed;

    client.ws.ping();
    await once(client.ws, 'pong');
    gateway.publish(topic, hello);
    await client.next('hello');
    await client.leave();
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(30_000);
    expect(await shown(server)).toBe(fingerprint('localhost'));
  });

  test.each(unusable)('that is unusable changes nothing: %j', async (files, message) => {
    const { gateway, ...server } = await startGateway({ tls });
    const client = await connectSecurely(server);
    await expect(gateway.reloadTls(files)).rejects.toThrow(message);
    expect(await shown(server)).toBe(fingerprint('localhost'));
    gateway.publish(topic, '{"event":"all"}');
    await client.next('all');
  });

  test('cannot be loaded without TLS, nor during the shutdown', async () => {
    const plain = await startGateway();
    await expect(plain.gateway.reloadTls(tls)).rejects.toThrow('TLS is not configured');
    const secure = await startGateway({ tls });
    secure.gateway.stop();
    await expect(secure.gateway.reloadTls(tls)).rejects.toThrow('accepts no connections');
    await expect(shown(secure)).rejects.toThrow('ECONNREFUSED');
  });

  test('leaves no client behind when the server closes', async () => {
    const { gateway, clock, ...server } = await startGateway({ tls });
    const clients = [await connectSecurely(server)];
    await gateway.reloadTls(pair('second'));
    clients.push(await connectSecurely(server));
    gateway.close();
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1006 });
    expect(clock.pending).toBe(0);
    gateway.close();
  });
});
