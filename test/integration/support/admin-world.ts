import Backend from 'pusher';
import { expect } from 'vitest';
import type { ServerOverrides } from '../../../src/node/overrides.ts';
import { Admin, type Headers } from './admin.ts';
import { Client } from './client.ts';
import { Receiver } from '../../support/receiver.ts';
import { app, startServer, type Given } from './server.ts';

/** A server in use: an app of the file with an endpoint of the file, and one that was added while it runs. */
export class AdminWorld {
  readonly admin: Admin;
  readonly receiver: Receiver;
  readonly #status: { now: number };

  private constructor(admin: Admin, receiver: Receiver, status: { now: number }) {
    this.admin = admin;
    this.receiver = receiver;
    this.#status = status;
  }

  /** `given` is laid over the configuration; every call has these headers. */
  static async start(
    given: Given = {},
    overrides: ServerOverrides = {},
    headers: Headers = {},
  ): Promise<AdminWorld> {
    const status = { now: 200 };
    const receiver = await Receiver.start(({ response }) => {
      response.writeHead(status.now).end(status.now === 200 ? 'thanks' : 'down');
    });
    const webhooks = [{ id: 'main', url: receiver.url, headers: { 'X-Api-Key': 'of-the-file' } }];
    const server = await startServer(
      {
        apps: [{ ...app, clientEvents: true, webhooks }],
        webhooks: {
          batch: { maxEvents: 1, maxDelayMs: 0 },
          disconnectGraceMs: 0,
          unsubscribeGraceMs: 0,
          retry: { initialDelayMs: 20, maxDelayMs: 20, maxElapsedMs: 60_000 },
          privateAddresses: 'allow',
        },
        shutdownTimeoutMs: 500,
        ...given,
      },
      overrides,
    );
    return new AdminWorld(await Admin.of(server, headers), receiver, status);
  }

  /** What the receiver answers from now on. */
  answer(status: number): void {
    this.#status.now = status;
  }

  /** An app beside that of the file, and an endpoint of the app of the file. */
  async addOwn(): Promise<void> {
    await this.admin.get('addApp', { body: { id: 'own', key: 'own-key', secret: 'own-secret' } });
    await this.admin.get('addEndpoint', {
      of: { app: '1' },
      body: { id: 'added', url: `${this.receiver.url}/added`, headers: { 'X-Api-Key': 'of-the-api' } },
    });
  }

  /** A connection to this node. */
  connect(key: string = app.key): Promise<Client> {
    return Client.connect(this.admin.server, `/app/${key}?protocol=7`);
  }

  /** Subscribes with the signature of a backend. */
  async enter(client: Client, channel: string, userId?: string, pair: Pair = app): Promise<void> {
    const { auth, channel_data: channelData } = backendOf(this.admin.port, pair).authorizeChannel(
      client.socketId,
      channel,
      userId === undefined ? undefined : { user_id: userId },
    );
    await client.subscribe(channel, {
      auth,
      ...(channelData !== undefined && { channel_data: channelData }),
    });
  }

  /** A delivery that the endpoint of the file has taken. */
  async delivered(channel = 'news'): Promise<string> {
    const client = await this.connect();
    await client.subscribe(channel);
    return this.deliveryOf(channel, 'delivered');
  }

  /** The id of the newest delivery of a channel, once there is one. */
  deliveryOf(channel: string, status: string, endpoint = 'main'): Promise<string> {
    const q = `channel:"${channel}" status:${status} endpoint:${endpoint}`;
    return this.#first(
      async () => (await this.admin.get<Items>('listDeliveries', { of, query: { q } })).items,
    );
  }

  /** The id of what was dropped last of a channel, once something was. */
  droppedOf(channel: string): Promise<string> {
    const query = { channel };
    return this.#first(async () => (await this.admin.get<Letters>('listDropped', { of, query })).deliveries);
  }

  async #first(list: () => Promise<readonly { readonly id: string }[]>): Promise<string> {
    const ids: string[] = [];
    await expect.poll(async () => ids.push(...(await list()).map(({ id }) => id))).toBeGreaterThan(0);
    return ids[0] ?? '';
  }
}

const of = { app: app.id };

interface Items {
  readonly items: readonly { readonly id: string }[];
}

interface Letters {
  readonly deliveries: readonly { readonly id: string }[];
}

interface Pair {
  readonly id?: string;
  readonly key: string;
  readonly secret: string;
}

/** The library of a backend. */
export function backendOf(port: number, { id = app.id, key, secret }: Pair = app): Backend {
  return new Backend({ appId: id, key, secret, host: '127.0.0.1', port: String(port) });
}
