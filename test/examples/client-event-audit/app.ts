import crypto from 'node:crypto';
import express, { type Express } from 'express';
import Pusher from 'pusher';

export interface LogEntry {
  readonly channel: string;
  readonly eventName: string;
  readonly data: string;
  readonly socketId: string;
  readonly userId: string | null;
  readonly timestamp: Date;
}

export interface Database {
  /** Runs the work unless a webhook with this id was processed before. */
  once(webhookId: string, work: () => Promise<void>): Promise<void>;
  readonly clientEventLog: { create(entry: LogEntry): Promise<void> };
}

export interface AppOptions {
  readonly db: Database;
  readonly pusher: Pusher.Options;
}

interface WebhookEvent {
  readonly name: string;
  readonly channel: string;
  readonly event: string;
  readonly data: string;
  readonly socket_id: string;
  readonly user_id?: string;
}

/** An application that records client events. Without webhooks they would bypass it entirely. */
export function createApp({ db, pusher: options }: AppOptions): Express {
  const app = express();
  const pusher = new Pusher(options);

  app.post('/pusher/auth', express.urlencoded(), (req, res) => {
    const { socket_id: socketId = '', channel_name: channel = '' } = req.body as Record<string, string>;
    const user = channel.startsWith('presence-') ? { user_id: req.get('x-user') ?? '' } : undefined;
    res.json(pusher.authorizeChannel(socketId, channel, user));
  });

  app.use('/webhooks/audit', express.raw({ type: 'application/json' }), async (req, res) => {
    const signature = Buffer.from(req.get('x-pusher-signature') ?? '');
    const rawBody = req.body as Buffer;
    const expected = Buffer.from(crypto.createHmac('sha256', options.secret).update(rawBody).digest('hex'));
    if (signature.length !== expected.length || !crypto.timingSafeEqual(signature, expected)) {
      res.status(401).json({ error: 'Invalid signature' });
      return;
    }
    const { time_ms: timeMs, events } = JSON.parse(rawBody.toString()) as {
      time_ms: number;
      events: WebhookEvent[];
    };
    // A webhook may arrive twice, for instance when the first answer was lost, but the log must contain each
    // event once.
    await db.once(req.get('webhook-id') ?? signature.toString(), async () => {
      for (const event of events) await logClientEvent(event, new Date(timeMs));
    });
    res.sendStatus(200);
  });

  async function logClientEvent(event: WebhookEvent, timestamp: Date): Promise<void> {
    switch (event.name) {
      case 'client_event':
        await db.clientEventLog.create({
          channel: event.channel,
          eventName: event.event,
          data: event.data,
          socketId: event.socket_id,
          userId: event.user_id || null,
          timestamp,
        });
        break;
    }
  }

  return app;
}

/** A log in memory, for tests. */
export function createDatabase(): Database & { readonly entries: readonly LogEntry[] } {
  const entries: LogEntry[] = [];
  const done = new Map<string, Promise<void>>();
  return {
    entries,
    async once(webhookId, work) {
      const working = done.get(webhookId) ?? work();
      done.set(webhookId, working);
      // Failed work may be repeated.
      await working.catch((error: unknown) => {
        done.delete(webhookId);
        throw error;
      });
    },
    clientEventLog: {
      async create(entry) {
        entries.push(entry);
        await Promise.resolve();
      },
    },
  };
}
