import { DemoFault } from '../fault.ts';
import { checked, client, scene } from '../screen.ts';
import { enter, expectWebhook, requireExactly, type Stage } from '../stage.ts';
import { room } from './presence.ts';

const chat = 'private-chat-42';
/** The cache channel of Soketify's examples. */
export const vehicle = 'cache-vehicle-V-001';

/** Shows client_event on a private channel, and with the sender's user id on a presence channel. */
export async function clientEvents(stage: Stage): Promise<void> {
  scene('4  client_event', 'A client event is triggered by a subscriber.');
  const [ann, bob] = stage.visitors;
  client('Ann, Bob', `subscribe to ${chat}`);
  await Promise.all([ann?.subscribe(chat), bob?.subscribe(chat)]);

  const onPrivate = expectWebhook(stage, { name: 'client_event', channel: chat });
  const receivedByBob = bob?.receives(chat, 'client-typing');
  client('Ann', `triggers client-typing on ${chat}`);
  ann?.trigger(chat, 'client-typing', { isTyping: true });
  client('Bob', `receives client-typing ${JSON.stringify(await receivedByBob)}`);
  await onPrivate;

  const onPresence = expectWebhook(stage, { name: 'client_event', channel: room, user_id: 'user-42' });
  client('Ann', `triggers client-wave on ${room}`);
  ann?.trigger(room, 'client-wave', {});
  const { event } = await onPresence;
  checked(`on a presence channel the webhook event names the sender: ${event.user_id}`);
}

/** Shows one cache_miss for several clients, the refill by the backend, and the cached event afterwards. */
export async function cacheMiss(stage: Stage): Promise<void> {
  scene(
    '5  cache_miss',
    'You get one webhook even if 100 clients subscribe simultaneously to an empty channel.',
  );
  const { sdk, visitors } = stage;
  const three = [...visitors];
  const missed = Promise.all(three.map((visitor) => visitor.receives(vehicle, 'pusher:cache_miss')));
  const filled = Promise.all(three.map((visitor) => visitor.receives(vehicle, 'location-update')));
  const miss = expectWebhook(stage, { name: 'cache_miss', channel: vehicle });
  client(
    'all',
    `${three.length} connections subscribe to ${vehicle}, whose cache is empty, at the same moment`,
  );
  await missed;
  client('all', 'receive pusher:cache_miss');
  await miss;

  const location = { lat: 48.2082, lng: 16.3738 };
  client(
    'backend',
    `fills the cache: pusher.trigger('${vehicle}', 'location-update', ${JSON.stringify(location)})`,
  );
  await sdk.trigger(vehicle, 'location-update', location);
  await filled;
  client('all', 'receive location-update');

  const carol = await enter(stage, 'Carol', 'user-9');
  const cached = await carol.receives(vehicle, 'location-update');
  client('Carol', `subscribes later and receives it from the cache: ${JSON.stringify(cached)}`);
  if (JSON.stringify(cached) !== JSON.stringify(location))
    throw new DemoFault('Carol did not receive the event that was published.');
  requireExactly(stage, vehicle, ['channel_occupied', 'cache_miss']);
  checked(`one cache_miss for ${three.length} connections, none for Carol`);
}
