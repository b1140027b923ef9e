import { createHmac } from 'node:crypto';
import { WebSocket } from 'ws';
import { app } from '../support/e2e/config.ts';

/** Honest users, who join and leave presence channels. */
export class Honest {
  readonly #port: number;
  readonly #present = new Map<string, WebSocket>();
  #users = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** The present members, as `CHANNEL USER`. */
  get members(): readonly string[] {
    return [...this.#present.keys()].toSorted();
  }

  /** Adds a user. Rejects if the server refuses the user. */
  async join(): Promise<void> {
    this.#users += 1;
    const userId = `user-${this.#users}`;
    const channel = `presence-room-${this.#users % 3}`;
    const ws = new WebSocket(`ws://127.0.0.1:${this.#port}/app/${app.key}?protocol=7`);
    await new Promise<void>((resolve, reject) => {
      ws.once('error', reject);
      ws.once('close', (code) => reject(new Error(`${userId} was closed with ${code}`)));
      ws.on('message', (text: Buffer) => {
        const { event, data } = JSON.parse(text.toString()) as { event: string; data: string };
        if (event === 'pusher:connection_established') {
          const { socket_id: socketId } = JSON.parse(data) as { socket_id: string };
          ws.send(subscribe(socketId, channel, userId));
        }
        if (event === 'pusher_internal:subscription_succeeded') resolve();
      });
    });
    this.#present.set(`${channel} ${userId}`, ws);
  }

  /** Disconnects the user who joined first. */
  leaveFirst(): void {
    const [first] = this.#present;
    if (first === undefined) return;
    this.#present.delete(first[0]);
    first[1].close();
  }

  /** Whether every user who has not left is still connected. */
  get areAllConnected(): boolean {
    return [...this.#present.values()].every(({ readyState }) => readyState === WebSocket.OPEN);
  }

  end(): void {
    for (const ws of this.#present.values()) ws.terminate();
  }
}

function subscribe(socketId: string, channel: string, userId: string): string {
  const channelData = JSON.stringify({ user_id: userId });
  const signature = createHmac('sha256', app.secret)
    .update(`${socketId}:${channel}:${channelData}`)
    .digest('hex');
  const data = { channel, auth: `${app.key}:${signature}`, channel_data: channelData };
  return JSON.stringify({ event: 'pusher:subscribe', data });
}
