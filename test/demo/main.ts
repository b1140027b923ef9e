import { createSdk } from './clients.ts';
import { DemoFault, within } from './fault.ts';
import { Receiver } from './receiver.ts';
import { firstSubscriber, retry } from './scenes/channels.ts';
import { everybodyLeaves, replay } from './scenes/farewell.ts';
import { cacheMiss, clientEvents } from './scenes/messages.ts';
import { blip, members } from './scenes/presence.ts';
import { elapsedMs, forgery, say, verdict, webhook } from './screen.ts';
import { app, startServer } from './server.ts';
import type { Stage } from './stage.ts';

const overallLimitMs = 60_000;

try {
  await within(overallLimitMs, 'The whole demonstration', play());
  verdict(true, `All six webhooks came as the page says, in ${(elapsedMs() / 1000).toFixed(0)} s.`);
} catch (error) {
  const what =
    error instanceof DemoFault ? error.message : String(error instanceof Error ? error.stack : error);
  verdict(false, `The demonstration failed. ${what}`);
  process.exitCode = 1;
}
// Whatever a failed scene left open ends here; the server is stopped on exit.
process.exit();

async function play(): Promise<void> {
  const receiver = new Receiver(app.secret, { onArrival: webhook, onForgery: forgery });
  const webhookUrl = await receiver.listen();
  const server = await startServer(webhookUrl);
  const { port } = server;
  say("Soketify's page on webhooks, played with a server, a receiver that verifies, and pusher-js clients.");
  say('Each webhook event is printed as it arrives; events that came in the same POST bear its number.');
  say();
  say(`Server     http://127.0.0.1:${port}, app id ${app.id}, key ${app.key}`);
  say(`Webhooks   ${webhookUrl}, all six event types`);
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
  if (code !== 0) throw new DemoFault(`The server ended with code ${code} after SIGTERM.`);
  await receiver.close();
}
