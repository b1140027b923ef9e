import { forge, type Arrival } from '../receiver.ts';
import { checked, client, scene } from '../screen.ts';
import { DemoFault, within } from '../fault.ts';
import { enter, expectWebhook, requireExactly, type Stage } from '../stage.ts';

/** channel_occupied, once, and what the signature is good for. */
export async function firstSubscriber(stage: Stage): Promise<void> {
  scene('1  channel_occupied', '"First subscriber joins a channel."');
  const occupied = expectWebhook(stage, { name: 'channel_occupied', channel: 'news' });
  const ann = await enter(stage, 'Ann', 'user-42');
  client('Ann', 'subscribes to news');
  await ann.subscribe('news');
  const bob = await enter(stage, 'Bob', 'user-7');
  client('Bob', 'subscribes to news as well: not the first, so no webhook');
  await bob.subscribe('news');
  await occupied;
  client('somebody', 'without the app secret posts a webhook to the receiver');
  await forge(stage.webhookUrl);
}

/** The receiver fails once; the same webhook comes again. */
export async function retry(stage: Stage): Promise<void> {
  scene(
    '2  A retry',
    '"Your endpoint must return a 2xx status code. Any other response is treated as a failure and Soketify will retry."',
  );
  const [ann] = stage.visitors;
  stage.receiver.refuseOnce();
  const isOrders = ({ event }: Arrival): boolean => event.channel === 'orders';
  const refused = stage.receiver.next(isOrders);
  const delivered = expectWebhook(stage, { name: 'channel_occupied', channel: 'orders' }, 8000);
  client('Ann', 'subscribes to orders, and the receiver answers 500 once');
  await ann?.subscribe('orders');
  const first = await within(3000, 'The webhook channel_occupied orders', refused);
  const second = await delivered;
  if (first.status !== 500 || second.attempt !== 2 || first.webhookId !== second.webhookId) {
    throw new DemoFault('The retried webhook was not attempt 2 of the same webhook-id.');
  }
  const waited = ((second.atMs - first.atMs) / 1000).toFixed(1);
  checked(`the same webhook came again after ${waited} s: webhook-id ${second.webhookId}, attempt 2`);
  requireExactly(stage, 'news', ['channel_occupied']);
}
