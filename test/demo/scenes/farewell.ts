import { DemoFault } from '../fault.ts';
import { checked, client, elapsedMs, scene } from '../screen.ts';
import { expectWebhook, requireExactly, type Stage } from '../stage.ts';
import { vehicle } from './messages.ts';
import { room } from './presence.ts';

/** The webhook events that each channel must have caused by the end. The presence channel is checked separately. */
const expectedEvents: Record<string, readonly string[]> = {
  news: ['channel_occupied', 'channel_vacated'],
  orders: ['channel_occupied', 'channel_vacated'],
  'private-chat-42': ['channel_occupied', 'client_event', 'channel_vacated'],
  [vehicle]: ['channel_occupied', 'cache_miss', 'channel_vacated'],
};

/** Shows member_removed and channel_vacated about 3 s after all clients have left. */
export async function everybodyLeaves(stage: Stage): Promise<void> {
  scene(
    '7  member_removed, channel_vacated',
    'There is a ~3 second delay between a user disconnecting and the member_removed or channel_vacated webhook firing.',
  );
  const limitMs = 6000;
  const departures = [
    ...['user-42', 'user-7'].map((user_id) =>
      expectWebhook(stage, { name: 'member_removed', channel: room, user_id }, limitMs),
    ),
    ...[room, ...Object.keys(expectedEvents)].map((channel) =>
      expectWebhook(stage, { name: 'channel_vacated', channel }, limitMs),
    ),
  ];
  client('everyone', 'closes the browser');
  const leftAtMs = elapsedMs();
  for (const visitor of stage.visitors) visitor.disconnect();
  const arrivals = await Promise.all(departures);
  const delays = arrivals.map(({ atMs }) => (atMs - leftAtMs) / 1000);
  const [least, most] = [Math.min(...delays), Math.max(...delays)];
  if (least < 2.5)
    throw new DemoFault(
      `A departure was reported after ${least.toFixed(1)} s, before the grace period was over.`,
    );
  checked(`every departure was reported after the grace period, ${most.toFixed(1)} s later at most`);
}

/**
 * Replays all webhook events. The result must be the true state: every channel is empty.
 * @throws DemoFault otherwise.
 */
export function replay(stage: Stage): void {
  for (const [channel, events] of Object.entries(expectedEvents)) requireExactly(stage, channel, events);
  const events = stage.receiver.about(room);
  const { occupied, members, contradictions } = stage.receiver.state();
  const isEmpty = occupied.length === 0 && Object.keys(members).length === 0;
  if (!isEmpty || contradictions.length > 0 || events.length !== 7) {
    throw new DemoFault(
      `The endpoint received [${events.join(', ')}] for ${room}, which does not lead to an empty channel.`,
    );
  }
  checked('replaying all webhook events gives the true state: no members, every channel vacated');
}
