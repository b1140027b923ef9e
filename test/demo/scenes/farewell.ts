import { DemoFault } from '../fault.ts';
import { checked, client, elapsedMs, scene } from '../screen.ts';
import { expectWebhook, requireExactly, type Stage } from '../stage.ts';
import { vehicle } from './messages.ts';
import { room } from './presence.ts';

/** All channels of the demonstration, with all that should have been heard of each by the end. */
const wholeStory: Record<string, readonly string[]> = {
  news: ['channel_occupied', 'channel_vacated'],
  orders: ['channel_occupied', 'channel_vacated'],
  'private-chat-42': ['channel_occupied', 'client_event', 'channel_vacated'],
  [vehicle]: ['channel_occupied', 'cache_miss', 'channel_vacated'],
};

/** Everybody leaves for good: member_removed and channel_vacated after about 3 s. */
export async function everybodyLeaves(stage: Stage): Promise<void> {
  scene(
    '7  member_removed, channel_vacated',
    '"There is a ~3 second delay between a user disconnecting and the member_removed or channel_vacated webhook firing."',
  );
  const limitMs = 6000;
  const gone = [
    ...['user-42', 'user-7'].map((user_id) =>
      expectWebhook(stage, { name: 'member_removed', channel: room, user_id }, limitMs),
    ),
    ...[room, ...Object.keys(wholeStory)].map((channel) =>
      expectWebhook(stage, { name: 'channel_vacated', channel }, limitMs),
    ),
  ];
  client('all', 'close their browsers');
  const leftAtMs = elapsedMs();
  for (const visitor of stage.visitors) visitor.disconnect();
  const arrivals = await Promise.all(gone);
  const delays = arrivals.map(({ atMs }) => (atMs - leftAtMs) / 1000);
  const [least, most] = [Math.min(...delays), Math.max(...delays)];
  if (least < 2.5)
    throw new DemoFault(`A departure was reported after ${least.toFixed(1)} s, before the grace.`);
  checked(`all were reported ${least.toFixed(1)} to ${most.toFixed(1)} s after they had left`);
}

/** The webhooks of the whole demonstration, replayed, must say that nobody is there. */
export function replay(stage: Stage): void {
  for (const [channel, events] of Object.entries(wholeStory)) requireExactly(stage, channel, events);
  const story = stage.receiver.about(room);
  const last = story.at(-1);
  const online = new Set<string>();
  for (const event of story) {
    const [name, user = ''] = event.split(' ');
    if (name === 'member_added') online.add(user);
    if (name === 'member_removed') online.delete(user);
  }
  if (online.size > 0 || last !== 'channel_vacated' || story.length !== 7) {
    throw new DemoFault(`About ${room} came [${story.join(', ')}], which does not add up.`);
  }
}
