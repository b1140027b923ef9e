import { forge, type Arrival } from '../receiver.ts';
import { checked, client, scene } from '../screen.ts';
import { DemoFault, within } from '../fault.ts';
import { enter, expectWebhook, requireExactly, type Stage } from '../stage.ts';

/** Shows one channel_occupied for two subscribers, and a rejected forgery. */
export async function firstSubscriber(stage: Stage): Promise<void> {
  scene('1  channel_occupied', 'First subscriber joins a channel.');
  const occupied = expectWebhook(stage, { name: 'channel_occupied', channel: 'news' });
  const ann = await enter(stage, 'Ann', 'user-42');
  client('Ann', 'subscribes to news');
  await ann.subscribe('news');
  const bob = await enter(stage, 'Bob', 'user-7');
  client('Bob', 'subscribes to news too; the channel is occupied already, so no webhook event follows');
  await bob.subscribe('news');
  await occupied;
  client('attacker', 'posts a webhook without knowing the secret of the app');
  await forge(stage.webhookUrl);
}

/** Shows that a webhook is sent again after the endpoint has failed. */
export async function retry(stage: Stage): Promise<void> {
  scene(
    '2  Retry',
    'Your endpoint must return a 2xx status code. Any other response is treated as a failure and Soketify will retry.',
  );
  const [ann] = stage.visitors;
  stage.receiver.refuseOnce();
  const isOrders = ({ event }: Arrival): boolean => event.channel === 'orders';
  const refused = stage.receiver.next(isOrders);
  const delivered = expectWebhook(stage, { name: 'channel_occupied', channel: 'orders' }, 8000);
  client('Ann', 'subscribes to orders; the endpoint will answer 500 once');
  await ann?.subscribe('orders');
  const first = await within(3000, 'The endpoint did not receive channel_occupied orders', refused);
  const second = await delivered;
  if (first.status !== 500 || second.attempt !== 2 || first.webhookId !== second.webhookId) {
    throw new DemoFault('The retry was not attempt 2 with the same webhook-id.');
  }
  const waited = ((second.atMs - first.atMs) / 1000).toFixed(1);
  checked(`attempt 2 carried the same webhook-id, ${second.webhookId}, and came ${waited} s later`);
  requireExactly(stage, 'news', ['channel_occupied']);
}
