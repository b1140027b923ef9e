import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** The maximum number of threads in a mesh: each is a bit of a 32-bit word. */
export const mostThreads = 32;

/** How long messages without urgency wait to be sent together with others. */
const laterMs = 10;

/** What one thread needs to take part. It is sent to that thread, with its ports in the transfer list. */
export interface MeshSeat {
  /** The number of this thread, counted from 0. */
  readonly index: number;
  /** The port to each other thread; undefined for the thread itself. */
  readonly ports: readonly (MessagePort | undefined)[];
  /** The number of the last envelope, then for each thread the senders, as bits, of which envelopes wait for it. */
  readonly words: Int32Array;
}

/** The messages of one turn from one thread to another, with a number that orders them among all threads. */
type Envelope = readonly [order: number, messages: readonly unknown[]];

/** Creates the seats of this many threads, each connected with every other. */
export function createSeats(threads: number): readonly MeshSeat[] {
  if (threads > mostThreads) throw new Error(`a mesh has at most ${mostThreads} threads, got ${threads}`);
  const words = new Int32Array(new SharedArrayBuffer(4 * (1 + threads)));
  const ports = Array.from({ length: threads }, () =>
    Array.from({ length: threads }, (): MessagePort | undefined => undefined),
  );
  for (const [a, ofOne] of ports.entries()) {
    for (const [b, ofOther] of ports.entries()) {
      if (b <= a) continue;
      const { port1, port2 } = new MessageChannel();
      ofOne[b] = port1;
      ofOther[a] = port2;
    }
  }
  return ports.map((own, index) => ({ index, ports: own, words }));
}

/** The ports of a seat, which must be transferred with it. */
export function portsOf({ ports }: MeshSeat): readonly MessagePort[] {
  return ports.filter((port) => port !== undefined);
}

/**
 * Connects one thread with the other threads of the process. No message is lost, and the order is causal, as on one thread: a
 * thread receives a message after everything that the sender had sent or received before it. The messages of one turn to one thread
 * are sent together.
 */
export class Mesh<Outgoing, Incoming> {
  readonly index: number;
  readonly #ports: readonly (MessagePort | undefined)[];
  readonly #words: Int32Array;
  readonly #receive: (from: number, message: Incoming) => void;
  readonly #outgoing: unknown[][];
  #isFlushingLater = false;
  /** Whether a flush is scheduled after all sockets that are readable now have been read. */
  #isFlushing = false;
  #isFlushingNow = false;
  /** Work of this thread that must run after the envelopes that wait for it. */
  #own: Envelope[] = [];
  #isClosed = false;

  constructor({ index, ports, words }: MeshSeat, receive: (from: number, message: Incoming) => void) {
    this.index = index;
    this.#ports = ports;
    this.#words = words;
    this.#receive = receive;
    this.#outgoing = ports.map(() => []);
    for (const [from, port] of ports.entries()) {
      port?.on('message', (envelope: Envelope) => this.#take([[from, envelope]]));
    }
  }

  /**
   * Sends a message, which must be clonable, to another thread. It is sent together with the other messages that are caused by the
   * sockets that are readable now, because each envelope wakes a thread.
   */
  send(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.flush());
  }

  /** The same, but before any socket is read again: for messages before an answer to a client that may continue on another thread. */
  sendNow(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushingNow) return;
    this.#isFlushingNow = true;
    queueMicrotask(() => this.flush());
  }

  /** The same, but with the next message or some milliseconds later: for messages without urgency. */
  sendLater(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushingLater) return;
    this.#isFlushingLater = true;
    setTimeout(() => this.flush(), laterMs);
  }

  /** Sends all waiting messages now. */
  flush(): void {
    this.#isFlushing = false;
    this.#isFlushingNow = false;
    this.#isFlushingLater = false;
    if (this.#isClosed) return;
    for (const [to, messages] of this.#outgoing.entries()) {
      if (messages.length === 0) continue;
      this.#outgoing[to] = [];
      const order = Atomics.add(this.#words, 0, 1);
      this.#ports[to]?.postMessage([order, messages] satisfies Envelope);
      Atomics.or(this.#words, 1 + to, 1 << this.index);
    }
  }

  /**
   * Runs something immediately or, if other threads have sent messages that this one has not received yet, after those. So when
   * two threads publish one after the other, clients on this thread receive both in that order too.
   */
  inOrder(run: () => void): void {
    const isFirst = this.#own.length === 0;
    if (isFirst && Atomics.load(this.#words, 1 + this.index) === 0) return run();
    this.#own.push([Atomics.add(this.#words, 0, 1), [run]]);
    // Waiting messages are received in a microtask, not in the middle of the running code.
    if (isFirst) queueMicrotask(() => this.#take([]));
  }

  /** Stops sending and receiving. */
  close(): void {
    this.#isClosed = true;
    for (const port of this.#ports) port?.close();
  }

  /** Receives envelopes, together with everything that was sent before them. */
  #take(taken: (readonly [from: number, envelope: Envelope])[]): void {
    for (let waiting = this.#claim(); waiting !== 0; waiting = this.#claim()) {
      for (const [other, port] of this.#ports.entries()) {
        if (port === undefined || (waiting & (1 << other)) === 0) continue;
        for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other end of the port is a mesh, too
          taken.push([other, next.message as Envelope]);
        }
      }
    }
    for (const own of this.#own) taken.push([this.index, own]);
    this.#own = [];
    // The number wraps after 4 billion; the numbers compared here are close together.
    if (taken.length > 1) taken.sort(([, [a]], [, [b]]) => (a - b) | 0);
    for (const [sender, [, messages]] of taken) {
      for (const message of messages) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other end of the port is a mesh, too
        if (sender === this.index) (message as () => void)();
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
        else this.#receive(sender, message as Incoming);
      }
    }
  }

  #claim(): number {
    return Atomics.exchange(this.#words, 1 + this.index, 0);
  }
}
