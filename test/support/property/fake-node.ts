import type { PublishTopic, Socket } from '../../../src/ports/socket.ts';

/** A frame as a client reads it. */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
}

/** The open sockets of a node. Publishes to the subscribers of a topic. */
export class FakeNode {
  readonly #sockets = new Set<FakeNodeSocket>();

  socket(): FakeNodeSocket {
    const socket = new FakeNodeSocket(this);
    this.#sockets.add(socket);
    return socket;
  }

  remove(socket: FakeNodeSocket): void {
    this.#sockets.delete(socket);
  }

  publish(topic: string, frame: string, except?: FakeNodeSocket): void {
    for (const socket of this.#sockets) {
      if (socket !== except && socket.topics.has(topic)) socket.send(frame);
    }
  }

  readonly publishTopic: PublishTopic = (topic, frame) => this.publish(topic, frame);
}

/** A client's connection. It passes every frame to its listener, and accepts none after it has closed. */
export class FakeNodeSocket implements Socket {
  readonly topics = new Set<string>();
  readonly frames: string[] = [];
  isOpen = true;
  /** The client reads slowly: when the program ends the connection, the close is reported late. */
  closesLate = false;
  closeCode: number | undefined;
  /** The program ends the connection. The transport reports the close afterwards. */
  onEnd: () => void = () => {};
  onFrame: (frame: Frame) => void = () => {};
  readonly #node: FakeNode;

  constructor(node: FakeNode) {
    this.#node = node;
  }

  send(frame: string): void {
    if (!this.isOpen) return;
    this.frames.push(frame);
    this.onFrame(JSON.parse(frame) as Frame);
  }

  ping(): void {}

  end(lastFrame: string, code: number): void {
    if (!this.isOpen) return;
    this.send(lastFrame);
    this.closeCode = code;
    if (this.closesLate) return;
    this.close();
    this.onEnd();
  }

  cut(): void {
    if (!this.isOpen) return;
    this.close();
    this.onEnd();
  }

  subscribe(topic: string): void {
    if (this.isOpen) this.topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  publishToOthers(topic: string, frame: string): void {
    this.#node.publish(topic, frame, this);
  }

  close(): void {
    this.isOpen = false;
    this.topics.clear();
    this.#node.remove(this);
  }
}
