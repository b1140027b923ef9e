import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pusherJs from 'pusher-js';
import { launchChromium } from '../browser/chromium.ts';

// Takes the screenshots of the README from the built server, with some activity:
//   npm run build && npx tsx test/support/dashboard/pictures.ts
/** The package's declarations describe its ES module, but Node loads the CommonJS one. */
const PusherClient = pusherJs as unknown as typeof pusherJs.default;
const out = 'docs/images';
const app = { id: 'shop', key: 'shop-key', secret: 'shop-secret' };
const rooms = { general: ['anna', 'ben', 'chloe', 'dan'], support: ['emma', 'farid'] };
const folder = mkdtempSync(join(tmpdir(), 'pictures-'));

/** Whether the failing endpoint returns an error. */
let isDown = false;
const backend = await receiver(() => 200);
const billing = await receiver(() => (isDown ? 503 : 200));
const port = await freePort();
const config = join(folder, 'config.json');
writeFileSync(
  config,
  JSON.stringify({
    port,
    // Long enough to be visible, short enough to end soon.
    webhooks: { disconnectGraceMs: 2000 },
    apps: [
      {
        ...app,
        webhooks: [
          { id: 'backend', url: urlOf(backend, '/webhooks/soketify') },
          { id: 'billing', url: urlOf(billing, '/hooks/presence'), channels: { startsWith: 'presence-' } },
        ],
      },
    ],
  }),
  { mode: 0o600 },
);
const server = spawn(process.execPath, ['dist/main.cjs', '--config', config], { stdio: 'ignore' });
await until(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);

const clients = new Map<string, pusherJs.default>();
for (const [room, users] of Object.entries(rooms)) {
  for (const user of users) {
    enter(user, room);
    await wait(300);
  }
}
await wait(1500);
// One user returns within the grace period, one does not.
clients.get('ben')?.disconnect();
await wait(1200);
clients.get('ben')?.connect();
await wait(1500);
isDown = true;
clients.get('dan')?.disconnect();
await wait(2500);
enter('greta', 'support');
await wait(400);
enter('hugo', 'general');
await wait(4000);

mkdirSync(out, { recursive: true });
const browser = await launchChromium();
await photograph('dashboard', '#/apps/shop/channels/presence-general');
await photograph('truth', '#/apps/shop/truth?endpoint=billing');
await browser.close();

for (const client of clients.values()) client.disconnect();
server.kill();
backend.close();
billing.close();
rmSync(folder, { recursive: true });

async function photograph(name: string, address: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  await page.goto(`http://127.0.0.1:${port}/dashboard/${address}`);
  await page.waitForSelector('h1');
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${out}/${name}.png` });
  await page.close();
}

function enter(user: string, room: string): void {
  const client = new PusherClient(app.key, {
    cluster: 'local',
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws'],
    channelAuthorization: {
      transport: 'ajax',
      endpoint: '',
      customHandler: ({ socketId, channelName }, callback) => {
        const data = JSON.stringify({ user_id: user, user_info: { name: user } });
        const signature = createHmac('sha256', app.secret).update(`${socketId}:${channelName}:${data}`);
        callback(null, { auth: `${app.key}:${signature.digest('hex')}`, channel_data: data });
      },
    },
  });
  client.subscribe(`presence-${room}`);
  client.subscribe('orders');
  clients.set(user, client);
}

async function receiver(status: () => number): Promise<Server> {
  const made = createServer((request, response) => {
    request.resume().on('end', () => {
      response.statusCode = status();
      response.end(response.statusCode === 200 ? 'OK' : 'Service Unavailable');
    });
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return made;
}

function urlOf(made: Server, path: string): string {
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}${path}`;
}

async function freePort(): Promise<number> {
  const probe = await receiver(() => 200);
  const { port: found } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return found;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await holds().catch(() => false)) return;
    await wait(100);
  }
  throw new Error('the server did not start');
}
