import type { Log } from '../../ports/log.ts';
import {
  plainText,
  type HttpAnswer,
  type IncomingRequest,
  type RequestHead,
  type Sink,
} from '../../transport/http-message.ts';
import { beginningOf, type Handle, type Route } from '../../transport/http.ts';
import { keeper } from './keeper-methods.ts';
import type { Line } from './line.ts';
import type { ForwardedAnswer, Keeper, WorkerMethods } from './server-methods.ts';

/** What a worker needs to know about a route of the keeper. */
export type ForwardedRoute = Pick<Route, 'method' | 'pattern' | 'port' | 'readsCaller' | 'maxBodyBytes'>;

/** Returns what a worker needs to know about the keeper's routes. */
export function describeRoutes(routes: readonly Route[]): readonly ForwardedRoute[] {
  return routes.map(({ method, pattern, port, readsCaller, maxBodyBytes }) => ({
    method,
    pattern,
    ...(port && { port }),
    ...(readsCaller && { readsCaller }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
  }));
}

/** The keeper's side: answers the requests that workers forward. */
export class ForwardedRequests {
  readonly #routes: readonly Route[];
  readonly #line: Line<WorkerMethods>;
  readonly #log: Log;
  readonly #streams = new Map<number, { readonly worker: number; readonly open: () => RemoteSink }>();
  readonly #sinks = new Map<number, RemoteSink>();
  #lastStream = 0;

  constructor(
    routes: readonly Route[],
    { line, log }: { readonly line: Line<WorkerMethods>; readonly log: Log },
  ) {
    this.#routes = routes;
    this.#line = line;
    this.#log = log;
  }

  async request(worker: number, index: number, request: IncomingRequest): Promise<ForwardedAnswer> {
    const route = this.#routes[index];
    if (route === undefined) throw new Error(`there is no route ${index}`);
    try {
      const begun = beginningOf(route)(request);
      return this.#answer(worker, typeof begun === 'function' ? await begun(request) : begun);
    } catch (err) {
      this.#log.error({ err, route: route.pattern }, 'request failed');
      return plainText(500, 'Internal server error');
    }
  }

  opened(stream: number): void {
    const waiting = this.#streams.get(stream);
    this.#streams.delete(stream);
    if (waiting !== undefined) this.#sinks.set(stream, waiting.open());
  }

  given(stream: number, characters: number): void {
    this.#sinks.get(stream)?.given(characters);
  }

  gone(stream: number): void {
    this.#streams.delete(stream);
    this.#sinks.get(stream)?.gone();
    this.#sinks.delete(stream);
  }

  #answer(worker: number, answer: HttpAnswer): ForwardedAnswer {
    if (!('stream' in answer)) return answer;
    const stream = (this.#lastStream += 1);
    const open = (): RemoteSink => {
      const sink = new RemoteSink({
        write: (text) => this.#line.send(worker, 'streamText', stream, text),
        end: () => this.#line.send(worker, 'streamEnd', stream),
      });
      sink.stop = answer.stream(sink);
      return sink;
    };
    this.#streams.set(stream, { worker, open });
    return { stream, contentType: answer.contentType, headers: answer.headers };
  }
}

/** How many characters of a stream may be in transit to its worker, or wait there for the client. */
const mostUnderWay = 256 * 1024;

/** A stream whose client is connected to a worker. */
class RemoteSink implements Sink {
  readonly #out: { readonly write: (text: string) => void; readonly end: () => void };
  #underWay = 0;
  #isSlow = false;
  #isOver = false;
  #whenDrained: (() => void) | undefined;
  /** Stops the writer of this stream. */
  stop: () => void = () => {};

  constructor(out: { readonly write: (text: string) => void; readonly end: () => void }) {
    this.#out = out;
  }

  write(text: string): boolean {
    if (this.#isOver || this.#isSlow) return false;
    this.#underWay += text.length;
    this.#isSlow = this.#underWay > mostUnderWay;
    this.#out.write(text);
    return !this.#isSlow;
  }

  onDrained(run: () => void): void {
    this.#whenDrained = run;
  }

  end(): void {
    if (!this.#isOver) this.#out.end();
  }

  /** The client was sent this many characters. */
  given(characters: number): void {
    this.#underWay -= characters;
    if (!this.#isSlow || this.#underWay > mostUnderWay / 2) return;
    this.#isSlow = false;
    if (!this.#isOver) this.#whenDrained?.();
  }

  gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stop();
  }
}

/** A stream whose client is connected to this worker. */
class LocalStream {
  readonly #sink: Sink;
  readonly #given: (characters: number) => void;
  readonly #waiting: string[] = [];
  #isSlow = false;
  #isEnding = false;

  constructor(sink: Sink, given: (characters: number) => void) {
    this.#sink = sink;
    this.#given = given;
    sink.onDrained(() => {
      this.#isSlow = false;
      this.#pass();
    });
  }

  write(text: string): void {
    this.#waiting.push(text);
    this.#pass();
  }

  end(): void {
    this.#isEnding = true;
    this.#pass();
  }

  #pass(): void {
    while (!this.#isSlow && this.#waiting.length > 0) {
      const text = this.#waiting.shift() ?? '';
      this.#isSlow = !this.#sink.write(text);
      this.#given(text.length);
    }
    if (this.#isEnding && this.#waiting.length === 0) this.#sink.end();
  }
}

/** The worker's side: forwards requests, and holds the streams of the clients on this worker. */
export class Forwarder {
  readonly #line: Pick<Line<Keeper>, 'call' | 'send'>;
  readonly #streams = new Map<number, LocalStream>();

  constructor(line: Pick<Line<Keeper>, 'call' | 'send'>) {
    this.#line = line;
  }

  /**
   * Returns a route whose requests the keeper answers; `index` is its number there. `gate` can refuse a request by its head. Without a
   * gate, only the keeper can authenticate the request, once it has the body.
   */
  route(route: ForwardedRoute, index: number, gate?: (head: RequestHead) => HttpAnswer | undefined): Route {
    const handle: Handle = async (request) => {
      // A body may be a view of memory that is reused.
      const body = new Uint8Array(request.body);
      const answer = await this.#line.call(keeper, 'request', index, { ...request, body });
      return 'stream' in answer ? this.#stream(answer) : answer;
    };
    if (gate === undefined) return { ...route, readsUnauthenticated: true, handle };
    return {
      ...route,
      begin(head) {
        const refusal = gate(head);
        return refusal !== undefined && 'body' in refusal ? refusal : handle;
      },
    };
  }

  /** Writes text of the keeper to a stream. */
  text(stream: number, text: string): void {
    this.#streams.get(stream)?.write(text);
  }

  /** Ends a stream for the keeper. */
  end(stream: number): void {
    this.#streams.get(stream)?.end();
  }

  #stream({ stream, contentType, headers }: Extract<ForwardedAnswer, { stream: number }>): HttpAnswer {
    return {
      status: 200,
      contentType,
      ...(headers && { headers }),
      stream: (sink) => {
        const given = (characters: number): void =>
          this.#line.send(keeper, 'streamGiven', stream, characters);
        this.#streams.set(stream, new LocalStream(sink, given));
        this.#line.send(keeper, 'streamOpened', stream);
        return () => {
          this.#streams.delete(stream);
          this.#line.send(keeper, 'streamGone', stream);
        };
      },
    };
  }
}
