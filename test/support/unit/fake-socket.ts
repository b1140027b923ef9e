import { expect } from 'vitest';
import type { PublishTopic, Socket } from '../../../src/ports/socket.ts';

/** A frame as a test reads it. */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

/** The sockets of one node and its topics: publishes as the native server does. */
export class FakeNode {
  readonly #topics = new Map<string, Set<FakeSocket>>();

  socket(): FakeSocket {
    return new FakeSocket(this);
  }

  readonly publish: PublishTopic = (topic, frame) => {
    for (const socket of this.holders(topic)) socket.receive(frame);
  };

  /** The sockets that receive a topic. */
  holders(topic: string): ReadonlySet<FakeSocket> {
    return this.#topics.get(topic) ?? new Set();
  }

  hold(topic: string, socket: FakeSocket): void {
    this.#topics.set(topic, new Set([...this.holders(topic), socket]));
  }

  release(socket: FakeSocket, topic?: string): void {
    for (const [name, holders] of this.#topics) {
      if (topic === undefined || topic === name) {
        this.#topics.set(name, new Set([...holders].filter((holder) => holder !== socket)));
      }
    }
  }
}

/** A client's end: what it was sent, in order. Once closed it takes nothing more. */
export class FakeSocket implements Socket {
  readonly #node: FakeNode;
  readonly #frames: Frame[] = [];
  #closed: { readonly code: number; readonly reason: string } | undefined;
  pings = 0;

  constructor(node: FakeNode) {
    this.#node = node;
  }

  send(frame: string): void {
    this.receive(frame);
  }

  ping(): void {
    if (this.#closed === undefined) this.pings += 1;
  }

  end(lastFrame: string, code: number, reason: string): void {
    if (this.#closed !== undefined) return;
    this.receive(lastFrame);
    this.#closed = { code, reason };
    this.#node.release(this);
  }

  subscribe(topic: string): void {
    if (this.#closed === undefined) this.#node.hold(topic, this);
  }

  unsubscribe(topic: string): void {
    this.#node.release(this, topic);
  }

  publishToOthers(topic: string, frame: string): void {
    for (const holder of this.#node.holders(topic)) if (holder !== this) holder.receive(frame);
  }

  /** What the network brings. */
  receive(frame: string): void {
    if (this.#closed === undefined) this.#frames.push(JSON.parse(frame) as Frame);
  }

  /** The client's own end of the connection is gone: the node's topics know it no more. */
  cut(): void {
    this.#closed = { code: 1006, reason: '' };
    this.#node.release(this);
  }

  /** Takes out all that came. */
  takeFrames(): Frame[] {
    return this.#frames.splice(0);
  }

  /** The next frame is this one. */
  expectFrame(expected: object): void {
    expect(this.#frames.shift()).toEqual(expected);
  }

  /** The next frame is an error that leaves the connection open. */
  expectError(message: string, code: number | null = null): void {
    this.expectFrame({ event: 'pusher:error', data: { message, code } });
  }

  expectNoFrame(): void {
    expect(this.#frames).toEqual([]);
  }

  /** It was told why, in a frame and in the close itself. */
  expectClosed(code: number, reason?: string): void {
    expect(this.#closed).toMatchObject({ code, ...(reason !== undefined && { reason }) });
    expect(this.#frames.pop()).toEqual({
      event: 'pusher:error',
      data: { code, message: this.#closed?.reason },
    });
  }

  expectOpen(): void {
    expect(this.#closed).toBeUndefined();
  }
}
