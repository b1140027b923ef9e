import { pause } from '../pause.ts';
import { checked, client, scene } from '../screen.ts';
import { enter, expectWebhook, requireExactly, type Stage } from '../stage.ts';

/** The presence channel of Soketify's examples. */
export const room = 'presence-chat-room-general';

/** The grace period is 3 s. After it, and the time of one batch, no more webhook events can arrive. */
const graceIsOverMs = 3500;
const joined = ['channel_occupied', 'member_added user-42', 'member_added user-7'];

/** Shows one member_added per user, however many tabs the user opens. */
export async function members(stage: Stage): Promise<void> {
  scene('3  member_added', 'A user subscribes to a presence channel.');
  const [ann, bob] = stage.visitors;
  const annAdded = expectWebhook(stage, { name: 'member_added', channel: room, user_id: 'user-42' });
  client('Ann', `subscribes to ${room}`);
  await ann?.subscribe(room);
  await annAdded;
  client('Ann', 'opens a second tab and subscribes there too');
  const secondTab = await enter(stage, "Ann's second tab", 'user-42');
  await secondTab.subscribe(room);
  const bobAdded = expectWebhook(stage, { name: 'member_added', channel: room, user_id: 'user-7' });
  client('Bob', `subscribes to ${room}`);
  await bob?.subscribe(room);
  await bobAdded;
  requireExactly(stage, room, joined);
  checked("Ann's second tab caused no webhook event");
}

/** Shows a short disconnection: the other members notice it, and no webhook event is sent. */
export async function blip(stage: Stage): Promise<void> {
  scene(
    '6  Short disconnection',
    'This grace period prevents a flood of spurious events from momentary network blips …',
  );
  const [ann, bob] = stage.visitors;
  const removed = ann?.receives(room, 'pusher:member_removed');
  client('Bob', 'loses his connection');
  bob?.disconnect();
  await removed;
  client('Ann', 'receives pusher:member_removed for Bob immediately');
  await pause(1000);
  const returned = ann?.receives(room, 'pusher:member_added');
  client('Bob', 'reconnects after one second');
  await bob?.connect();
  await returned;
  client('Ann', 'receives pusher:member_added for Bob');
  client('', 'waiting for the end of the 3-second grace period …');
  await pause(graceIsOverMs - 1000);
  requireExactly(stage, room, [...joined, 'client_event user-42']);
  checked('no webhook event was sent: your backend never saw Bob leave');
}
