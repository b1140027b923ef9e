// Exits by itself only if the emulator leaves no handle open.
const { startEmulator } = require('soketify-emulator');
const { WebSocket } = require('ws');

/** Resources of the process itself: its output goes through pipes or files. */
const ofProcess = ['PipeWrap', 'TTYWrap', 'FSReqCallback'];

async function run(clock) {
  const webhooks = [{ url: 'http://127.0.0.1:9/' }];
  const soketify = await startEmulator({
    clock,
    control: true,
    apps: [{ webhooks }],
    webhooks: { batch: { maxDelayMs: 0 } },
  });
  const client = new WebSocket(`ws://127.0.0.1:${soketify.port}/app/${soketify.key}`);
  await new Promise((resolve) => {
    client.once('message', resolve);
  });
  client.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'cache-a' } }));
  await new Promise((resolve) => {
    client.once('message', resolve);
  });
  await fetch(`${soketify.url}/control/clock`, { headers: { connection: 'close' } });
  await soketify.close();
  await new Promise((resolve) => {
    client.once('close', resolve);
  });
}

async function main() {
  for (const clock of ['real', 'virtual']) await run(clock);
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  const left = process.getActiveResourcesInfo().filter((kind) => !ofProcess.includes(kind));
  process.stdout.write(JSON.stringify(left));
}

void main();
