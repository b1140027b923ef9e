import crypto from 'node:crypto';
import express, { type Express } from 'express';
import Pusher from 'pusher';

export interface Vehicle {
  readonly id: string;
  readonly lat: number;
  readonly lng: number;
  readonly updatedAt: string;
}

export interface Database {
  readonly vehicles: { findOne(query: { id: string }): Promise<Vehicle | undefined> };
}

export interface AppOptions {
  readonly db: Database;
  readonly pusher: Pusher.Options;
}

/**
 * Fills empty cache channels when a client subscribes. Its endpoint needs only `cache_miss`. If the database
 * or the API is down it answers 500, and the webhook is sent again.
 */
export function createApp({ db, pusher: options }: AppOptions): Express {
  const app = express();
  const pusher = new Pusher(options);

  app.use('/webhooks/refill', express.raw({ type: 'application/json' }), async (req, res) => {
    const signature = Buffer.from(req.get('x-pusher-signature') ?? '');
    const rawBody = req.body as Buffer;
    const expected = Buffer.from(crypto.createHmac('sha256', options.secret).update(rawBody).digest('hex'));
    if (signature.length !== expected.length || !crypto.timingSafeEqual(signature, expected)) {
      res.status(401).json({ error: 'Invalid signature' });
      return;
    }
    const payload = JSON.parse(rawBody.toString()) as { events: { name: string; channel: string }[] };
    try {
      for (const event of payload.events) {
        if (event.name === 'cache_miss') await repopulateCache(event.channel);
      }
      res.sendStatus(200);
    } catch {
      res.sendStatus(500);
    }
  });

  // cache_miss fires when a client subscribes to an empty cache channel.
  async function repopulateCache(channelName: string): Promise<void> {
    const vehicleId = channelName.replace('cache-vehicle-', ''); // e.g., "cache-vehicle-V-001"
    const location = await db.vehicles.findOne({ id: vehicleId });
    if (location) {
      await pusher.trigger(channelName, 'location-update', {
        lat: location.lat,
        lng: location.lng,
        updatedAt: location.updatedAt,
      });
    }
  }

  return app;
}
