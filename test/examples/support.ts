import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import PusherModule, { type Channel } from 'pusher-js';
import type { Emulator } from 'soketify-emulator';

// pusher-js is CommonJS whose export is the class itself, but its types speak of a default export.
const Pusher = PusherModule as unknown as typeof PusherModule.default;
export type Pusher = PusherModule.default;

/** A free port for an application that is still to be made: it needs to know where Soketify is, and Soketify its URL. */
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

/** A browser's connection. */
export interface Visitor {
  readonly socketId: string;
  readonly pusher: Pusher;
  /** Subscribes and waits until that is accepted. */
  subscribe(channel: string): Promise<Channel>;
  /** Closes the page. */
  leave(): void;
}

/** Opens a page. Private and presence channels are asked for at the application, as this user. */
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
