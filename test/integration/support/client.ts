import { RawClient, type Frame } from '../../support/raw-client.ts';

/** A client that waits for the frames it names, and skips others. */
export class Client extends RawClient {
  #read = 0;

  /** A client that has received its socket id. */
  static async connect(server: { readonly port: number }, path = '/app/app-key?protocol=7'): Promise<Client> {
    const client = new Client(`ws://127.0.0.1:${server.port}${path}`);
    await client.next('pusher:connection_established');
    return client;
  }

  get socketId(): string {
    const [established] = this.of('pusher:connection_established');
    return (JSON.parse(established?.data as string) as { socket_id: string }).socket_id;
  }

  /** The next frame of this event (of this channel) that was not waited for yet. */
  next(event: string, channel?: string): Promise<Frame> {
    return this.frames.until((frames) => {
      while (this.#read < frames.length) {
        const frame = frames[this.#read++];
        if (frame?.event === event && (channel === undefined || frame.channel === channel)) return frame;
      }
      return undefined;
    });
  }

  send(event: string, data: unknown = {}): void {
    this.ws.send(JSON.stringify({ event, data }));
  }

  async subscribe(channel: string, rest: object = {}): Promise<Frame> {
    this.send('pusher:subscribe', { channel, ...rest });
    return this.next('pusher_internal:subscription_succeeded', channel);
  }

  /** Resolves when everything that the server sent before has arrived. */
  async ping(): Promise<void> {
    this.send('pusher:ping');
    await this.next('pusher:pong');
  }

  async leave(): Promise<void> {
    this.ws.close();
    await this.closed;
  }

  /** The received frames of one event. */
  of(event: string): Frame[] {
    return this.frames.items.filter((frame) => frame.event === event);
  }
}
