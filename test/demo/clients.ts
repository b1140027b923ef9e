import Pusher from 'pusher';
import pusherJs, { type Channel } from 'pusher-js';
import { within } from './fault.ts';
import { app } from './server.ts';

// The types of pusher-js describe a default export; in Node the module itself is the class.
const PusherClient = pusherJs as unknown as typeof pusherJs.default;

const limitMs = 5000;

/** The server SDK. It publishes events, and signs subscriptions as an application's auth endpoint would. */
export function createSdk(port: number): Pusher {
  return new Pusher({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host: '127.0.0.1',
    port: String(port),
    useTLS: false,
  });
}

/** A person with one browser tab: a pusher-js connection, and a user id for presence channels. */
export class Visitor {
  readonly name: string;
  readonly #connection: InstanceType<typeof PusherClient>;

  constructor(name: string, userId: string, port: number, sdk: Pusher) {
    this.name = name;
    this.#connection = new PusherClient(app.key, {
      cluster: 'default',
      wsHost: '127.0.0.1',
      wsPort: port,
      forceTLS: false,
      enabledTransports: ['ws'],
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, callback) => {
          const member = { user_id: userId, user_info: { name } };
          callback(
            null,
            channelName.startsWith('presence-')
              ? sdk.authorizeChannel(socketId, channelName, member)
              : sdk.authorizeChannel(socketId, channelName),
          );
        },
      },
    });
  }

  /** Resolves once the connection is established, also when it reconnects. */
  async connected(): Promise<void> {
    const { connection } = this.#connection;
    if (connection.state === 'connected') return;
    const done = new Promise<void>((resolve) => {
      const onConnected = (): void => {
        connection.unbind('connected', onConnected);
        resolve();
      };
      connection.bind('connected', onConnected);
    });
    await within(limitMs, `${this.name} did not connect`, done);
  }

  /** Subscribes, and resolves when the server has confirmed the subscription. */
  async subscribe(channelName: string): Promise<Channel> {
    const channel = this.#connection.subscribe(channelName);
    await this.receives(channelName, 'pusher:subscription_succeeded');
    return channel;
  }

  /** Resolves with the data of the next `event` on a channel. Subscribes to the channel if necessary. */
  receives(channelName: string, event: string): Promise<unknown> {
    const channel = this.#connection.channel(channelName) ?? this.#connection.subscribe(channelName);
    const received = new Promise<unknown>((resolve) => {
      const onEvent = (data: unknown): void => {
        channel.unbind(event, onEvent);
        resolve(data);
      };
      channel.bind(event, onEvent);
    });
    return within(limitMs, `${this.name} did not receive ${event} on ${channelName}`, received);
  }

  /** Sends a client event on a channel of this visitor. */
  trigger(channelName: string, event: string, data: object): void {
    this.#connection.send_event(event, data, channelName);
  }

  /** Closes the connection. pusher-js remembers the subscriptions and restores them in `connect`. */
  disconnect(): void {
    this.#connection.disconnect();
  }

  /** Reconnects and restores all subscriptions. */
  async connect(): Promise<void> {
    this.#connection.connect();
    await this.connected();
  }
}
