// A program that fakes all timers, with the library that sinon uses, before the emulator is loaded and while it works.
const { install } = require('@sinonjs/fake-timers');
const { startEmulator, startReceiver } = require('soketify-emulator');
const WebSocket = require('ws');

/* global process, console */

async function main() {
  // If these two were faked, no socket of this process would work.
  const fake = install({ now: 0, toNotFake: ['nextTick', 'queueMicrotask'] });
  const receiver = await startReceiver();
  const soketify = await startEmulator({
    apps: [{ webhooks: [{ url: receiver.url }] }],
    webhooks: { batch: { maxDelayMs: 1 } },
  });
  const { wsHost, wsPort } = soketify.clientOptions();
  const client = new WebSocket(`ws://${wsHost}:${wsPort}/app/${soketify.key}?protocol=7`);
  client.on('open', () => client.send('{"event":"pusher:subscribe","data":{"channel":"news"}}'));
  await soketify.webhooks.waitFor({ name: 'channel_occupied' });
  await receiver.waitFor({ name: 'channel_occupied' });
  await soketify.clock.advance(1000);
  client.terminate();
  await soketify.idle();
  console.log(`clock ${soketify.clock.now() >= 1000}, timers ${fake.countTimers()}`);
  await soketify.close();
  await receiver.close();
}

main().catch((error) => {
  console.log(error);
  process.exit(1);
});
