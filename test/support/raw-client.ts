import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { Journal } from './journal.ts';

export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that records each frame of the protocol that it receives. It is destroyed when its test ends. */
export class RawClient {
  readonly ws: WebSocket;
  /** Every received frame. Waiting for another one fails once the connection is closed. */
  readonly frames = new Journal<Frame>('a frame');
  readonly closed: Promise<Closing>;

  constructor(url: string, subprotocols: string[] = [], options: ClientOptions = {}) {
    this.ws = new WebSocket(url, subprotocols, options);
    this.ws.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    // Every error is followed by `close`.
    this.ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.frames.end(`the connection closed with ${code}`);
      });
    });
    onTestFinished(() => this.ws.terminate());
  }
}
