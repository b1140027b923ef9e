import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Agent } from 'node:https';
import Pusher from 'pusher';
import { Agent as UndiciAgent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { app } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { startServer } from '../support/e2e/server.ts';
import { freePort } from '../support/redis/ports.ts';
import { fillIn, runUntilTestEnds, sample, temporaryFolder, writeInto } from '../support/production/proxy.ts';
import { tools } from '../support/production/tools.ts';
import { requireTool } from '../support/tools.ts';

const pem = (name: string) => fileURLToPath(new URL(`../support/tls/localhost.${name}.pem`, import.meta.url));
const [cert, key] = [pem('cert'), pem('key')];

/** An app that requires TLS, on a server without TLS that trusts the proxy. */
const behindProxy = { apps: [{ ...app, forceTls: true }], trustedProxies: ['127.0.0.1'] };

interface Proxy {
  /** Starts it in front of the server, and returns its port. */
  start(serverPort: number): Promise<number>;
}

const nginx: Proxy = {
  async start(serverPort) {
    const command = requireTool(tools.nginx);
    const [folder, port] = [await temporaryFolder(), await freePort()];
    const site = fillIn(await sample('proxies/nginx.conf'), {
      '127.0.0.1:6001': `127.0.0.1:${serverPort}`,
      'listen 443': `listen 127.0.0.1:${port}`,
      '/etc/ssl/ws.example.com.pem': cert,
      '/etc/ssl/ws.example.com.key': key,
    });
    const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    const main = `${user} daemon off; pid ${folder}/pid; error_log stderr; events {}
      http { access_log off; ${scratch.join(' ')} include ${await writeInto(folder, 'site.conf', site)}; }`;
    const file = await writeInto(folder, 'nginx.conf', main);
    await runUntilTestEnds(command, ['-p', folder, '-e', 'stderr', '-c', file], port);
    return port;
  },
};

const caddy: Proxy = {
  async start(serverPort) {
    const command = requireTool(tools.caddy);
    const [folder, port] = [await temporaryFolder(), await freePort()];
    const site = fillIn(await sample('proxies/Caddyfile'), {
      '127.0.0.1:6001': `127.0.0.1:${serverPort}`,
      // Unchanged it would request a certificate from the Internet.
      'ws.example.com {': `https://localhost:${port}, https://127.0.0.1:${port} {\n\ttls ${cert} ${key}`,
    });
    const options = `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${folder}\n}\n`;
    const file = await writeInto(folder, 'Caddyfile', options + site);
    await runUntilTestEnds(command, ['run', '--config', file, '--adapter', 'caddyfile'], port);
    return port;
  },
};

const haproxy: Proxy = {
  async start(serverPort) {
    const command = requireTool(tools.haproxy);
    const [folder, port] = [await temporaryFolder(), await freePort()];
    const both = (await readFile(cert, 'utf8')) + (await readFile(key, 'utf8'));
    const config = fillIn(await sample('proxies/haproxy.cfg'), {
      'bind :443': `bind 127.0.0.1:${port}`,
      '/etc/haproxy/ws.example.com.pem': await writeInto(folder, 'both.pem', both),
      '127.0.0.1:6001': `127.0.0.1:${serverPort}`,
      'maxconn 200000': 'maxconn 100',
    });
    const file = await writeInto(folder, 'haproxy.cfg', config);
    await runUntilTestEnds(command, ['-db', '-f', file], port);
    return port;
  },
};

test.each([
  ['nginx', nginx],
  ['Caddy', caddy],
  ['HAProxy', haproxy],
] as const)(
  '%s forwards WebSockets and requests with its sample file, and reports that they came over TLS',
  async (_, proxy) => {
    const server = await startServer(behindProxy);
    try {
      const port = await proxy.start(server.port);
      // HAProxy and Caddy forward nothing before a health check has succeeded.
      await expect.poll(() => healthThrough(port)).toBe(200);
      const { socket, frames } = openSocket(`wss://127.0.0.1:${port}`);
      await frames.first(({ event }) => event === 'pusher:connection_established');
      socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } }));
      await frames.first(({ event }) => event === 'pusher_internal:subscription_succeeded');
      expect(await publishThrough(port)).toBe(200);
      await frames.first(({ event }) => event === 'headline');
    } finally {
      await server.stop();
    }
  },
);

test.each([
  ['nginx', nginx],
  ['Caddy', caddy],
] as const)('%s gives up an idle connection before the server does', async (_, proxy) => {
  const posts: ServerResponse[] = [];
  let idleMs = Infinity;
  const server = createServer(({ method }, response) => {
    if (method !== 'POST') return void response.end();
    // Two at a time, on two connections, because health checks may keep one of them busy.
    if (posts.push(response) < 2) return;
    const startedAt = performance.now();
    for (const post of posts.splice(0)) {
      post.end();
      post.socket?.once('close', () => (idleMs = Math.min(idleMs, performance.now() - startedAt)));
    }
  });
  // It never closes a connection itself.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = await proxy.start((server.address() as AddressInfo).port);
  const publish = () => publishThrough(port).catch(() => undefined);
  await expect.poll(() => Promise.all([publish(), publish()])).toEqual([200, 200]);
  await expect.poll(() => idleMs).toBeLessThan(8000);
});

test('without a proxy that reports TLS the same app rejects the client', async () => {
  const server = await startServer(behindProxy);
  const { socket } = openSocket(`ws://127.0.0.1:${server.port}`);
  const code = await new Promise((resolve) => socket.once('close', resolve));
  expect(code).toBe(4000);
  await server.stop();
});

test('HAProxy accepts the sample that forwards TCP', async () => {
  const file = fileURLToPath(new URL('../../config/haproxy.cfg', import.meta.url));
  const env = { ...process.env, NODE1: '127.0.0.1:1', NODE2: '127.0.0.1:2', NODE3: '127.0.0.1:3' };
  const { status, stderr } = spawnSync(requireTool(tools.haproxy), ['-c', '-f', file], {
    env,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});

function openSocket(origin: string) {
  const socket = new WebSocket(`${origin}/app/app-key?protocol=7`, { rejectUnauthorized: false });
  const frames = new Journal<{ readonly event: string }>('a frame');
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as { event: string }));
  onTestFinished(() => socket.terminate());
  return { socket, frames };
}

/** The status of the proxy's answer, or undefined if it does not answer. */
async function healthThrough(port: number): Promise<number | undefined> {
  const dispatcher = new UndiciAgent({ connect: { rejectUnauthorized: false } });
  try {
    const { statusCode, body } = await request(`https://127.0.0.1:${port}/healthz`, { dispatcher });
    await body.dump();
    return statusCode;
  } catch {
    return undefined;
  } finally {
    await dispatcher.close();
  }
}

async function publishThrough(port: number): Promise<number> {
  const { id: appId, key: appKey, secret } = app;
  const agent = new Agent({ rejectUnauthorized: false });
  const to = { host: '127.0.0.1', port: String(port), useTLS: true, agent };
  const answer = await new Pusher({ appId, key: appKey, secret, ...to }).trigger('news', 'headline', {});
  return answer.status;
}
