// Compiled, not run: the types as an ES module sees them.
import { startEmulator, type EmulatorEvent } from 'soketify-emulator';
import Pusher from 'pusher';
import PusherClient from 'pusher-js';

export async function member(): Promise<EmulatorEvent> {
  await using soketify = await startEmulator({
    clock: 'virtual',
    apps: [{ webhooks: [{ url: 'http://a/' }] }],
  });
  new PusherClient.default(soketify.key, soketify.clientOptions()).disconnect();
  await new Pusher(soketify.serverOptions()).trigger('a', 'b', {});
  // @ts-expect-error -- a fault has no such field
  soketify.faults.webhooks({ statuz: 500 });
  soketify.faults.connections({ drop: { userId: '42' }, code: 4200 });
  return soketify.webhooks.waitFor(({ name, user_id: user }) => name === 'member_added' && user === '42');
}
