import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** The most threads in a mesh: each is a bit of a 32-bit word. */
export const mostThreads = 32;

/** What nobody waits for waits so long for company. */
const laterMs = 10;

/** What one thread needs to take part. It is sent to that thread, with its ports in the transfer list. */
export interface MeshSeat {
  /** Which thread this is, from 0 on. */
  readonly index: number;
  /** The port to each other thread; none to itself. */
  readonly ports: readonly (MessagePort | undefined)[];
  /** The last number of an envelope, then for each thread from whom something waits for it. */
  readonly words: Int32Array;
}

/** Messages of one turn from one thread to another, behind the number that orders them among all threads. */
type Envelope = readonly [order: number, messages: readonly unknown[]];

/** Makes the seats of so many threads, each connected with every other. */
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
 * One thread's place among the threads of a process. Nothing is lost, and the order is that of one thread: whatever was sent
 * before a message, by whichever thread that its sender had heard of, is received before it. Messages to one thread leave
 * together.
 */
export class Mesh<Outgoing, Incoming> {
  readonly index: number;
  readonly #ports: readonly (MessagePort | undefined)[];
  readonly #words: Int32Array;
  readonly #receive: (from: number, message: Incoming) => void;
  readonly #outgoing: unknown[][];
  #isFlushingLater = false;
  /** Whether what waits is sent once everything that can be read now was read; whether it is sent at once. */
  #isFlushing = false;
  #isFlushingNow = false;
  /** What this thread does itself and must not do before what waits for it. */
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
   * Sends a message to another thread, anything that can be cloned: together with all others that are caused by what can be
   * read of sockets now, because each envelope wakes a thread.
   */
  send(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.flush());
  }

  /** The same, before anything else is read: where somebody is about to be answered who may go on on another thread. */
  sendNow(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushingNow) return;
    this.#isFlushingNow = true;
    queueMicrotask(() => this.flush());
  }

  /** The same, with the next message or some milliseconds later: for what nobody waits for. */
  sendLater(to: number, message: Outgoing): void {
    this.#outgoing[to]?.push(message);
    if (this.#isFlushingLater) return;
    this.#isFlushingLater = true;
    setTimeout(() => this.flush(), laterMs);
  }

  /** Sends what waits now. */
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
   * Does something at once, or behind what other threads have sent to this one before and it has not received yet. So
   * two threads that publish one after the other are heard in that order here, too.
   */
  inOrder(run: () => void): void {
    const isFirst = this.#own.length === 0;
    if (isFirst && Atomics.load(this.#words, 1 + this.index) === 0) return run();
    this.#own.push([Atomics.add(this.#words, 0, 1), [run]]);
    // What has come is received then, and not in the midst of whatever runs now.
    if (isFirst) queueMicrotask(() => this.#take([]));
  }

  /** Neither sends nor receives any more. */
  close(): void {
    this.#isClosed = true;
    for (const port of this.#ports) port?.close();
  }

  /** Receives envelopes, with all that was sent before them. */
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
    // The number goes round after 4 billion; two that meet here are near each other.
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
