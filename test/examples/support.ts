import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import PusherModule, { type Channel } from 'pusher-js';
import type { Emulator } from 'soketify-emulator';

// pusher-js is CommonJS and exports the class itself, but its types describe a default export.
const Pusher = PusherModule as unknown as typeof PusherModule.default;
export type Pusher = PusherModule.default;

/**
 * A free port for an application that starts later: it needs the address of Soketify, and Soketify needs its
 * URL.
 */
export interface Site {
  readonly url: string;
  serve(application: RequestListener): void;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (application) => void server.on('request', application),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The connection of a browser. */
export interface Visitor {
  readonly socketId: string;
  readonly pusher: Pusher;
  /** Subscribes, and waits for the confirmation. */
  subscribe(channel: string): Promise<Channel>;
  /** Closes the page. */
  leave(): void;
}

/** Opens a page. The application authorizes private and presence channels for this user. */
export async function visit(
  soketify: Emulator,
  login?: { readonly site: Site; readonly user: string },
): Promise<Visitor> {
  const pusher = new Pusher(soketify.key, {
    ...soketify.clientOptions(),
    ...(login && {
      channelAuthorization: {
        transport: 'ajax',
        endpoint: `${login.site.url}/pusher/auth`,
        headers: { 'x-user': login.user },
      },
    }),
  });
  await new Promise<void>((resolve) => pusher.connection.bind('connected', resolve));
  return {
    pusher,
    socketId: pusher.connection.socket_id,
    async subscribe(name) {
      const channel = pusher.subscribe(name);
      await new Promise((resolve, reject) => {
        channel.bind('pusher:subscription_succeeded', resolve);
        channel.bind('pusher:subscription_error', reject);
      });
      return channel;
    },
    leave: () => pusher.disconnect(),
  };
}
