import { afterAll, describe, expect, test } from 'vitest';
import {
  connectClient,
  createClient,
  membersOf,
  type Client,
  type ClientOptions,
  type User,
} from '../support/e2e/client.ts';
import { app, otherApp, quick } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { openLink } from '../support/e2e/link.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const hooks = await startReceiver();
const unwatched = { id: '3', key: 'unwatched-key', secret: 'unwatched-secret', watchlist: false };
const server = await startServer({
  apps: [{ ...app, webhooks: [{ url: hooks.url }] }, otherApp, unwatched],
  webhooks: quick,
});
const sdk = sdkFor(server);
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

interface Message {
  readonly event: string;
  readonly channel?: string;
  readonly data: unknown;
}

interface SignedIn extends Client {
  /** Every frame since the connection was opened. */
  readonly messages: Journal<Message>;
  /** The events that backends sent to the user. */
  readonly inbox: Journal<{ readonly event: string; readonly data: unknown }>;
  /** The users on the watchlist who went online or offline. */
  readonly watched: Journal<readonly [name: string, userIds: readonly string[]]>;
}

/** A client that has signed in and is subscribed to the channel on which backends reach its user. */
async function signIn(user: User, options: ClientOptions = {}): Promise<SignedIn> {
  const client = await connectClient(server, { ...options, user });
  const { pusher } = client;
  const messages: SignedIn['messages'] = new Journal('a frame');
  const inbox: SignedIn['inbox'] = new Journal('an event for the user');
  const watched: SignedIn['watched'] = new Journal('a change on the watchlist');
  pusher.connection.bind('message', (message: Message) => messages.push(message));
  pusher.user.bind_global((event: string, data: unknown) => inbox.push({ event, data }));
  for (const name of ['online', 'offline']) {
    pusher.user.watchlist.bind(name, (change: { user_ids: string[] }) =>
      watched.push([name, change.user_ids]),
    );
  }
  pusher.signin();
  await messages.first(isReachable(user.id));
  return { ...client, messages, inbox, watched };
}

const isReachable =
  (userId: string) =>
  ({ event, channel }: Message) =>
    event === 'pusher_internal:subscription_succeeded' && channel === `#server-to-user-${userId}`;

function errorsOf({ pusher }: Pick<Client, 'pusher'>): Journal<{ code: number | null; message: string }> {
  const errors = new Journal<{ code: number | null; message: string }>('an error of the connection');
  pusher.connection.bind('error', (error: { data: { code: number | null; message: string } }) =>
    errors.push(error.data),
  );
  return errors;
}

function statesOf({ pusher }: Pick<Client, 'pusher'>): Journal<string> {
  const states = new Journal<string>('a state of the connection');
  pusher.connection.bind('state_change', ({ current }: { current: string }) => states.push(current));
  return states;
}

describe('pusher.signin()', () => {
  test('signs the user in with the token of the server library', async () => {
    const { pusher, messages } = await signIn({ id: 'anna', user_info: { name: 'Anna' } });
    expect(pusher.user.user_data).toEqual({ id: 'anna', user_info: { name: 'Anna' } });
    // The user data is returned unchanged, as a string in an object.
    expect(messages.items[0]).toMatchObject({
      event: 'pusher:signin_success',
      data: { user_data: '{"id":"anna","user_info":{"name":"Anna"}}' },
    });
  });

  test('signs in again with the new socket id after the connection was lost', async () => {
    const link = await openLink(server);
    const pusher = createClient(link, { user: { id: 'comes-back' } });
    const messages = new Journal<Message>('a frame');
    const inbox = new Journal<unknown>('an event for the user');
    pusher.connection.bind('message', (message: Message) => messages.push(message));
    pusher.user.bind('hello', (data: unknown) => inbox.push(data));
    pusher.signin();
    await messages.count(1, isReachable('comes-back'));
    const before = pusher.connection.socket_id;
    link.cut();
    await messages.count(2, isReachable('comes-back'));
    expect(pusher.connection.socket_id).not.toBe(before);
    await sdk.sendToUser('comes-back', 'hello', 'again');
    expect(await inbox.count(1)).toEqual(['again']);
  });

  test('receives the reason for a bad token, and keeps its connection', async () => {
    const wrong = { ...app, secret: 'not-the-secret' };
    const client = await connectClient(server, { app: wrong, user: { id: 'mallory' } });
    const errors = errorsOf(client);
    client.pusher.signin();
    const { code, message } = await errors.first(() => true);
    expect(code).toBe(null);
    expect(message).toContain(
      `Invalid signature: Expected HMAC SHA256 hex digest of ${client.socketId}::user::{"id":"mallory"}, but got `,
    );
    await client.subscribe('still-there');
    expect(client.pusher.connection.state).toBe('connected');
    expect(client.pusher.user.user_data).toBe(null);
  });
});

describe('sendToUser', () => {
  test('reaches every connection of the user and no other connection', async () => {
    const clients = [
      await signIn({ id: 'to-anna' }),
      await signIn({ id: 'to-anna' }),
      await signIn({ id: 'to-bert' }),
      // A presence member and a channel with the same name are different from the user.
      await signIn({ id: 'to-carl' }, { member: { user_id: 'to-anna' } }),
    ];
    const fences = [];
    for (const { subscribe } of clients) fences.push(await subscribe('to-all'));
    await clients[3]?.subscribePresence('presence-to-anna');
    expect(await (await sdk.sendToUser('to-anna', 'hello', { n: 1 })).json()).toEqual({});
    await sdk.trigger('to-all', 'fence', 1);
    await Promise.all(fences.map((fence) => fence.data('fence')));
    const hello = { event: 'hello', data: { n: 1 } };
    expect(clients.map(({ inbox }) => inbox.items)).toEqual([[hello], [hello], [], []]);
  });

  test('reaches a signed-in connection that has not subscribed to the channel', async () => {
    const socket = await connectSocket(server);
    const token = sdk.authenticateUser(socket.id, { id: 'silent' });
    socket.send({ event: 'pusher:signin', data: token });
    await socket.expectFrame({ event: 'pusher:signin_success', data: { user_data: '{"id":"silent"}' } });
    await sdk.sendToUser('silent', 'hello', 'you');
    await socket.expectFrame({ event: 'hello', channel: '#server-to-user-silent', data: 'you' });
  });

  test('is answered {} while the user is offline, and nothing is kept for later', async () => {
    expect(await (await sdk.sendToUser('to-nobody', 'missed', 1)).json()).toEqual({});
    const { inbox } = await signIn({ id: 'to-nobody' });
    await sdk.sendToUser('to-nobody', 'fence', 1);
    expect(await inbox.count(1)).toEqual([{ event: 'fence', data: 1 }]);
  });
});

describe('a presence channel without channel_data', () => {
  test('is joined as the user who is signed in', async () => {
    const watcher = await connectClient(server, { member: { user_id: 'watcher' } });
    const room = await watcher.subscribePresence('presence-as-user');
    const { subscribePresence } = await signIn({ id: 'dora', user_info: { name: 'Dora' } });
    const joined = await subscribePresence('presence-as-user');
    expect(joined.channel.members.me).toEqual({ id: 'dora', info: { name: 'Dora' } });
    expect(membersOf(joined)).toEqual({ watcher: null, dora: { name: 'Dora' } });
    expect(await room.data('pusher:member_added')).toEqual({ id: 'dora', info: { name: 'Dora' } });
    expect((await hooks.eventsOf('presence-as-user', 3)).at(-1)).toEqual({
      name: 'member_added',
      channel: 'presence-as-user',
      user_id: 'dora',
    });
  });

  test('is joined as the member of channel_data, if it is given', async () => {
    const { subscribePresence } = await signIn({ id: 'emil' }, { member: { user_id: 'fritz' } });
    const joined = await subscribePresence('presence-other');
    expect(Object.keys(membersOf(joined))).toEqual(['fritz']);
  });
});

describe('the watchlist', () => {
  test('reports who is online, then each change, whatever the number of connections', async () => {
    const anna = await signIn({ id: 'w-anna', watchlist: ['w-bert', 'w-carl'] });
    expect(await anna.watched.count(1)).toEqual([['offline', ['w-bert', 'w-carl']]]);
    const tabs = [await signIn({ id: 'w-bert' }), await signIn({ id: 'w-bert' })];
    const dora = await signIn({ id: 'w-dora', watchlist: ['w-bert', 'w-carl', 'w-dora'] });
    expect(await dora.watched.count(2)).toEqual([
      ['online', ['w-bert', 'w-dora']],
      ['offline', ['w-carl']],
    ]);
    tabs[0]?.pusher.disconnect();
    await signIn({ id: 'w-carl' });
    await anna.watched.count(3);
    tabs[1]?.pusher.disconnect();
    expect(await anna.watched.count(4)).toEqual([
      ['offline', ['w-bert', 'w-carl']],
      ['online', ['w-bert']],
      ['online', ['w-carl']],
      ['offline', ['w-bert']],
    ]);
    expect((await dora.watched.count(4)).slice(2)).toEqual([
      ['online', ['w-carl']],
      ['offline', ['w-bert']],
    ]);
  });

  test('with more than a hundred users is cut: error 4302, and the first hundred are watched', async () => {
    const watchlist = Array.from({ length: 120 }, (_, n) => `many-${n}`);
    const client = await connectClient(server, { user: { id: 'w-many', watchlist } });
    const errors = errorsOf(client);
    const watched = new Journal<{ name: string; user_ids: string[] }>('a change on the watchlist');
    for (const name of ['online', 'offline']) {
      client.pusher.user.watchlist.bind(name, (change: { name: string; user_ids: string[] }) =>
        watched.push(change),
      );
    }
    client.pusher.signin();
    expect(await errors.first(() => true)).toMatchObject({ code: 4302 });
    expect(await watched.count(1)).toEqual([{ name: 'offline', user_ids: watchlist.slice(0, 100) }]);
    for (const id of ['many-100', 'many-119', 'many-99']) await signIn({ id });
    expect((await watched.count(2)).slice(1)).toEqual([{ name: 'online', user_ids: ['many-99'] }]);
    expect(client.pusher.connection.state).toBe('connected');
    expect(client.pusher.user.user_data).toMatchObject({ id: 'w-many' });
  });

  test('sends nothing if the app has disabled it, and the sign-in succeeds', async () => {
    const options = { app: unwatched };
    const anna = await signIn({ id: 'off-anna', watchlist: ['off-bert'] }, options);
    await signIn({ id: 'off-bert' }, options);
    await sdkFor(server, unwatched).sendToUser('off-anna', 'fence', 1);
    await anna.inbox.count(1);
    expect(anna.watched.items).toEqual([]);
  });
});

describe('terminateUserConnections', () => {
  test('closes every connection of the user permanently, which counts as an ordinary leave', async () => {
    const tabs = [await signIn({ id: 't-anna' }), await signIn({ id: 't-anna' })];
    const [states, errors] = [tabs.map(statesOf), tabs.map(errorsOf)];
    for (const { subscribePresence } of tabs) await subscribePresence('presence-ended');
    const bystanders = [
      await signIn({ id: 't-bert' }),
      await connectClient(server, { member: { user_id: 't-anna' } }),
    ];
    for (const { subscribe } of bystanders) await subscribe('presence-bystanders');

    expect(await (await sdk.terminateUserConnections('t-anna')).json()).toEqual({});
    for (const [tab, ofTab] of states.entries()) {
      await ofTab.first((state) => state === 'disconnected');
      expect(errors[tab]?.items).toContainEqual({ code: 4009, message: 'You got disconnected by the app.' });
    }
    // They are reported as gone after the grace period, so none reconnected by itself.
    expect(await hooks.namesOf('presence-ended', 4)).toEqual([
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
    expect(states.map(({ items }) => items)).toEqual([['disconnected'], ['disconnected']]);
    for (const { pusher } of bystanders) expect(pusher.connection.state).toBe('connected');

    const [tab] = tabs;
    tab?.pusher.connect();
    await tab?.messages.count(2, isReachable('t-anna'));
    await sdk.sendToUser('t-anna', 'hello', 'again');
    expect(await tab?.inbox.count(1)).toEqual([{ event: 'hello', data: 'again' }]);
    expect(await hooks.namesOf('presence-ended', 6)).toHaveLength(6);
  });

  test('of a user without connections is also answered {}', async () => {
    expect(await (await sdk.terminateUserConnections('t-nobody')).json()).toEqual({});
  });

  test('makes the user go offline for watchers', async () => {
    const anna = await signIn({ id: 't-watcher', watchlist: ['t-watched'] });
    await signIn({ id: 't-watched' });
    await sdk.terminateUserConnections('t-watched');
    expect(await anna.watched.count(3)).toEqual([
      ['offline', ['t-watched']],
      ['online', ['t-watched']],
      ['offline', ['t-watched']],
    ]);
  });
});

test('users of two apps are separate although their ids are the same', async () => {
  const [mine, theirs] = [
    await signIn({ id: 'same', watchlist: ['friend'] }),
    await signIn({ id: 'same', watchlist: ['friend'] }, { app: otherApp }),
  ];
  await signIn({ id: 'friend' }, { app: otherApp });
  expect((await theirs.watched.count(2))[1]).toEqual(['online', ['friend']]);
  await sdkFor(server, otherApp).sendToUser('same', 'hello', 'other');
  await sdk.sendToUser('same', 'hello', 'one');
  expect(await mine.inbox.count(1)).toEqual([{ event: 'hello', data: 'one' }]);
  expect(await theirs.inbox.count(1)).toEqual([{ event: 'hello', data: 'other' }]);
  const states = statesOf(theirs);
  await sdkFor(server, otherApp).terminateUserConnections('same');
  await states.first((state) => state === 'disconnected');
  await sdk.sendToUser('same', 'hello', 'still here');
  expect((await mine.inbox.count(2))[1]).toEqual({ event: 'hello', data: 'still here' });
  expect(mine.watched.items).toEqual([['offline', ['friend']]]);
});
