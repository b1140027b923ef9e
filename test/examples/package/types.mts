// Compiled, not run: the types as an ES module sees them.
import { startEmulator, type Emulator, type EmulatorEvent, type Receiver } from 'soketify-emulator';
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
  soketify.faults.webhooks({ status: 500, retryAfterMs: 1000, times: 3, delayMs: 10 });
  soketify.faults.webhooks({ timeout: true, delivered: true, endpoint: 'a' });
  soketify.faults.webhooks({ delayMs: 10 });
  // @ts-expect-error -- a fault does something
  soketify.faults.webhooks({});
  // @ts-expect-error -- ... which the number of times is not
  soketify.faults.webhooks({ times: 2 });
  // @ts-expect-error -- ... and only one thing
  soketify.faults.webhooks({ status: 500, reset: true });
  // @ts-expect-error -- a connection that is reset has no answer
  soketify.faults.webhooks({ reset: true, retryAfterMs: 1000 });
  soketify.faults.connections({ drop: { userId: '42' }, code: 4200 });
  soketify.faults.connections({ refuse: 4100, times: 1 });
  // @ts-expect-error -- ends those that are there, or refuses those that come
  soketify.faults.connections({ drop: 'all', refuse: 4100 });
  // @ts-expect-error -- what is refused has its code there
  soketify.faults.connections({ refuse: 4100, code: 4200 });
  // @ts-expect-error -- what is ended is ended once
  soketify.faults.connections({ drop: 'all', times: 2 });
  return soketify.webhooks.waitFor(({ name, user_id: user }) => name === 'member_added' && user === '42');
}

/** An option that is undefined, such as an unset variable, counts as absent, also with exactOptionalPropertyTypes. */
export async function unset(token: string | undefined, timeoutMs: number | undefined): Promise<Emulator> {
  const soketify = await startEmulator({
    control: { token },
    limits: { connections: undefined },
    seed: undefined,
  });
  soketify.faults.webhooks({ status: 500, times: undefined });
  await soketify.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs });
  return soketify;
}

/** What is known of an event follows from its name, wherever it comes from. */
export async function narrowed(soketify: Emulator, receiver: Receiver): Promise<readonly string[]> {
  const added = await soketify.webhooks.waitFor({ name: 'member_added' });
  const removed = await receiver.waitFor({ name: 'member_removed' });
  const typed: string[] = [added.user_id, removed.user_id];
  for (const event of [...soketify.events, ...receiver.events]) {
    if (event.name === 'client_event') typed.push(event.event, event.data, event.socket_id);
    // @ts-expect-error -- a client event has a user on presence channels only
    if (event.name === 'client_event') typed.push(event.user_id);
    // @ts-expect-error -- and a channel that is occupied has none at all
    if (event.name === 'channel_occupied') typed.push(event.user_id);
    const count: number = event.name === 'subscription_count' ? event.subscription_count : 0;
    typed.push(String(count), event.user_id ?? 'nobody');
  }
  const either = await soketify.webhooks.waitFor({ name: /^member_/ });
  // @ts-expect-error -- a regular expression says nothing of the name
  typed.push(either.user_id);
  return typed;
}
