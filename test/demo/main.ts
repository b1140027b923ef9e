import { createSdk } from './clients.ts';
import { DemoFault, within } from './fault.ts';
import { Receiver } from './receiver.ts';
import { firstSubscriber, retry } from './scenes/channels.ts';
import { everybodyLeaves, replay } from './scenes/farewell.ts';
import { cacheMiss, clientEvents } from './scenes/messages.ts';
import { blip, members } from './scenes/presence.ts';
import { elapsedMs, forgery, print, verdict, webhook } from './screen.ts';
import { app, startServer } from './server.ts';
import type { Stage } from './stage.ts';

const overallLimitMs = 60_000;

try {
  await within(overallLimitMs, 'The demo did not finish', play());
  verdict(true, `All six webhook events arrived as documented, in ${(elapsedMs() / 1000).toFixed(0)} s.`);
} catch (error) {
  const what =
    error instanceof DemoFault ? error.message : String(error instanceof Error ? error.stack : error);
  verdict(false, `The demo failed. ${what}`);
  process.exitCode = 1;
}
// A failed scene may leave connections open. The exit handler stops the server.
process.exit();

async function play(): Promise<void> {
  const receiver = await Receiver.start(app.secret, { onArrival: webhook, onForgery: forgery });
  const webhookUrl = receiver.url;
  const server = await startServer(webhookUrl);
  const { port } = server;
  print('This demo starts the emulator, some pusher-js clients and a webhook endpoint, all on this machine.');
  print(
    'It plays the six webhook events of Soketify, a retry and a short disconnection, in about 10 seconds.',
  );
  print();
  print(`  server    http://127.0.0.1:${port}  (app id ${app.id}, key ${app.key})`);
  print(`  endpoint  ${webhookUrl}  (checks every signature)`);
  print();
  print('Each "webhook" line is one webhook event. Events with the same POST number arrived in one batch.');
  print('Each quotation comes from the documentation of Soketify.');
  const stage: Stage = { port, sdk: createSdk(port), receiver, webhookUrl, visitors: [] };
  await firstSubscriber(stage);
  await retry(stage);
  await members(stage);
  await clientEvents(stage);
  await cacheMiss(stage);
  await blip(stage);
  await everybodyLeaves(stage);
  replay(stage);
  const code = await server.stop();
  if (code !== 0) throw new DemoFault(`The server exited with code ${code} after SIGTERM.`);
  await receiver.close();
}
