import crypto from 'node:crypto';
import express, { type Express } from 'express';
import Pusher from 'pusher';

export interface User {
  readonly id: string;
  readonly isOnline: boolean;
  readonly lastSeenAt: Date | null;
}

/** What the application stores about its users. */
export interface Database {
  readonly users: {
    update(change: { where: { id: string }; data: Omit<User, 'id'> }): Promise<void>;
    findMany(query: { where: { isOnline: boolean } }): Promise<readonly User[]>;
  };
}

export interface AppOptions {
  readonly db: Database;
  readonly pusher: Pusher.Options;
}

interface WebhookEvent {
  readonly name: string;
  readonly user_id: string;
}

/**
 * An application that knows who is online: the members of `presence-online`. Its endpoint must select that
 * channel only. Otherwise a user who leaves any other room would count as offline.
 */
export function createApp({ db, pusher: options }: AppOptions): Express {
  const app = express();
  const pusher = new Pusher(options);

  // Only logged-in users may join. Here a header takes the place of the session.
  app.post('/pusher/auth', express.urlencoded(), (req, res) => {
    const { socket_id: socketId, channel_name: channel } = req.body as Record<string, string>;
    const userId = req.get('x-user') ?? '';
    res.json(pusher.authorizeChannel(socketId ?? '', channel ?? '', { user_id: userId }));
  });

  // Use raw body for signature verification
  app.use('/webhooks/soketify', express.raw({ type: 'application/json' }), async (req, res) => {
    const signature = Buffer.from(req.get('x-pusher-signature') ?? '');
    const rawBody = req.body as Buffer;
    const expected = Buffer.from(crypto.createHmac('sha256', options.secret).update(rawBody).digest('hex'));
    if (signature.length !== expected.length || !crypto.timingSafeEqual(signature, expected)) {
      res.status(401).json({ error: 'Invalid signature' });
      return;
    }
    const payload = JSON.parse(rawBody.toString()) as { events: WebhookEvent[] };
    for (const event of payload.events) await trackOnlineStatus(event);
    res.sendStatus(200);
  });

  app.get('/users/online', async (_req, res) => {
    const online = await db.users.findMany({ where: { isOnline: true } });
    res.json(online.map(({ id }) => id));
  });

  async function trackOnlineStatus(event: WebhookEvent): Promise<void> {
    switch (event.name) {
      // member_added: mark user as online
      case 'member_added':
        await db.users.update({
          where: { id: event.user_id },
          data: { isOnline: true, lastSeenAt: new Date() },
        });
        break;

      // member_removed: mark user as offline
      case 'member_removed':
        await db.users.update({
          where: { id: event.user_id },
          data: { isOnline: false, lastSeenAt: new Date() },
        });
        break;
    }
  }

  return app;
}

/** Users in memory, for tests. */
export function createDatabase(...ids: readonly string[]): Database {
  const users = new Map<string, User>(
    ids.map((id) => [id, { id, isOnline: false, lastSeenAt: null }] as const),
  );
  return {
    users: {
      async update({ where: { id }, data }) {
        if (!users.has(id)) throw new Error(`there is no user ${id}`);
        users.set(id, { id, ...data });
        await Promise.resolve();
      },
      findMany: ({ where: { isOnline } }) =>
        Promise.resolve([...users.values()].filter((user) => user.isOnline === isOnline)),
    },
  };
}
