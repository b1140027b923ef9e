import PusherModule, { type Channel, type PresenceChannel } from 'pusher-js';
import { onTestFinished } from 'vitest';
import { app, type AppConfig } from './config.ts';
import { Journal } from '../journal.ts';
import { authorize, sdkFor } from './sdk.ts';

// The package is CommonJS and exports the class itself, but its types describe a default export.
const PusherClient = PusherModule as unknown as typeof PusherModule.default;
export type PusherClient = PusherModule.default;
export type PusherLibrary = typeof PusherClient;

interface Member {
  readonly user_id: string;
  readonly user_info?: Record<string, unknown>;
}

/** The user that the application's backend signs in. */
export interface User {
  readonly id: string;
  readonly user_info?: Record<string, unknown>;
  readonly watchlist?: string[];
}

export interface ClientOptions {
  readonly app?: AppConfig;
  /** The member for presence channels. */
  readonly member?: Member;
  /** The user for `pusher.signin()`. */
  readonly user?: User;
  /** The port for TLS, if the server requires it. */
  readonly wssPort?: number;
  /** Another build of the library. */
  readonly library?: PusherLibrary;
}

export interface ChannelEvent {
  readonly event: string;
  readonly data: unknown;
}

/** A channel that pusher-js is subscribed to. */
export interface Subscription<C extends Channel = Channel> {
  readonly channel: C;
  /** Every event that pusher-js emitted on the channel. */
  readonly events: Journal<ChannelEvent>;
  /** The data of the first event with this name, past or future. */
  data(event: string): Promise<unknown>;
}

export interface Client {
  readonly pusher: PusherClient;
  readonly socketId: string;
  /** Subscribes, and waits for the confirmation. */
  subscribe(name: string): Promise<Subscription>;
  subscribePresence(name: string): Promise<Subscription<PresenceChannel>>;
}

/** Creates a pusher-js client that signs its subscriptions itself. It disconnects when its test ends. */
export function createClient(server: { readonly port: number }, options: ClientOptions = {}): PusherClient {
  const { app: of = app, member, user, wssPort, library: Library = PusherClient } = options;
  const pusher = new Library(of.key, {
    cluster: 'default',
    wsHost: '127.0.0.1',
    wsPort: server.port,
    forceTLS: false,
    enabledTransports: wssPort === undefined ? ['ws'] : ['ws', 'wss'],
    ...(wssPort !== undefined && { wssPort }),
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const isPresence = channelName.startsWith('presence-');
        callback(null, authorize(socketId, channelName, isPresence ? member : undefined, of));
      },
    },
    ...(user && {
      userAuthentication: {
        customHandler: ({ socketId }, callback) =>
          callback(null, sdkFor(server, of).authenticateUser(socketId, { ...user })),
      },
    }),
  });
  onTestFinished(() => pusher.disconnect());
  return pusher;
}

/** The same, connected. */
export async function connectClient(
  server: { readonly port: number },
  options?: ClientOptions,
): Promise<Client> {
  const pusher = createClient(server, options);
  const states = new Journal<string>('a state of the connection');
  pusher.connection.bind('state_change', ({ current }: { current: string }) => states.push(current));
  await states.first((state) => state === 'connected');
  const subscribe = async (name: string) => {
    const subscription = watch(pusher.subscribe(name));
    await subscription.events.first(({ event }) => event === 'pusher:subscription_succeeded');
    return subscription;
  };
  return {
    pusher,
    socketId: pusher.connection.socket_id,
    subscribe,
    subscribePresence: async (name) => (await subscribe(name)) as Subscription<PresenceChannel>,
  };
}

/** Records everything that the channel emits from now on. */
export function watch<C extends Channel>(channel: C): Subscription<C> {
  const events = new Journal<ChannelEvent>(`an event of ${channel.name}`);
  channel.bind_global((event: string, data: unknown) => events.push({ event, data }));
  return {
    channel,
    events,
    data: async (event) => (await events.first((item) => item.event === event)).data,
  };
}

/** The members of a presence channel as pusher-js knows them: id and info. */
export function membersOf({ channel }: Subscription<PresenceChannel>): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  channel.members.each(({ id, info }: { id: string; info: unknown }) => (members[id] = info));
  return members;
}
