import { expect } from 'vitest';
import type { PublishTopic, Socket } from '../../../src/ports/socket.ts';

/** A frame as a test reads it. */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

/** The sockets of one node and its topics. It publishes as the native server does. */
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

/** A client's side of a connection: the received frames, in order. A closed client receives nothing more. */
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

  /** Delivers what the network brings. */
  receive(frame: string): void {
    if (this.#closed === undefined) this.#frames.push(JSON.parse(frame) as Frame);
  }

  /** The client's side of the connection is gone, so the node's topics no longer contain it. */
  cut(): void {
    this.#closed = { code: 1006, reason: '' };
    this.#node.release(this);
  }

  /** Takes all received frames. */
  takeFrames(): Frame[] {
    return this.#frames.splice(0);
  }

  /** Expects this as the next frame. */
  expectFrame(expected: object): void {
    expect(this.#frames.shift()).toEqual(expected);
  }

  /** Expects an error that leaves the connection open as the next frame. */
  expectError(message: string, code: number | null = null): void {
    this.expectFrame({ event: 'pusher:error', data: { message, code } });
  }

  expectNoFrame(): void {
    expect(this.#frames).toEqual([]);
  }

  /** Expects an error frame and a close with the same reason. */
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
