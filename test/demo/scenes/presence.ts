import { pause } from '../pause.ts';
import { checked, client, scene } from '../screen.ts';
import { enter, expectWebhook, requireExactly, type Stage } from '../stage.ts';

/** The presence channel of the page's examples. */
export const room = 'presence-chat-room-general';

/** The grace is 3 s; what has not come by then, with the time of a batch on top, does not come. */
const graceIsOverMs = 3500;
const joined = ['channel_occupied', 'member_added user-42', 'member_added user-7'];

/** member_added once per user, however many tabs. */
export async function members(stage: Stage): Promise<void> {
  scene('3  member_added', '"A user subscribes to a presence channel."');
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
  checked('Bob is the next that was heard of: nothing was sent for the second tab of Ann');
}

/** A short disconnection is seen by the others on the channel, and by no webhook. */
export async function blip(stage: Stage): Promise<void> {
  scene(
    '6  A blip',
    '"This grace period prevents a flood of spurious events from momentary network blips …"',
  );
  const [ann, bob] = stage.visitors;
  const gone = ann?.sees(room, 'pusher:member_removed');
  client('Bob', 'loses the connection');
  bob?.disconnect();
  await gone;
  client('Ann', 'sees Bob leave, at once');
  await pause(1000);
  const back = ann?.sees(room, 'pusher:member_added');
  client('Bob', 'is back after one second');
  await bob?.connect();
  await back;
  client('Ann', 'sees Bob join again');
  client('', 'waiting until the 3 s are over …');
  await pause(graceIsOverMs - 1000);
  requireExactly(stage, room, [...joined, 'client_event user-42']);
  checked('no webhook: for your server, Bob has never been away');
}
