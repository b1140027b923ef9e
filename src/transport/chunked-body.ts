import type { HttpResponse } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import { setImmediate } from '../system/real.ts';

/** How long a response that is known early waits for the end of the body, so that the client reads it after it has sent all. */
const maxWaitMs = 1000;

/**
 * The end of a body in chunks. The native parser reads chunks loosely: it takes the size line of the last chunk for the end of the
 * body, skips two bytes, whatever they are, and takes everything behind them for another request, also trailer fields. Therefore
 * nothing behind such a body is served: its request is handled a turn after its end, and the response closes the connection. While
 * a response is due, the native parser closes a connection on which more arrives.
 */
export class ChunkedBody {
  readonly #clock: Pick<Clock, 'after'>;
  #isOver = false;
  #whenOver: (() => void) | undefined;

  /** Discards the body, unless something else reads it; that must call `end` with the last piece. */
  constructor(res: HttpResponse, clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
    res.onData((_, isLast) => {
      if (isLast) this.end();
    });
  }

  /** The last chunk was read. What arrived together with it is read in the same turn. */
  end(): void {
    setImmediate(() => {
      this.#isOver = true;
      this.#whenOver?.();
    });
  }

  /** Handles the request once nothing that arrived with its body is left to read. */
  handle(run: () => void): void {
    this.#whenOver = run;
  }

  /** Answers the request then, too, or after a second: a client may wait for the response before it sends the body. */
  answer(run: () => void): Cancel {
    if (this.#isOver) {
      run();
      return () => {};
    }
    const once = (): void => {
      cancel();
      this.#whenOver = undefined;
      run();
    };
    const cancel = this.#clock.after(maxWaitMs, once);
    this.#whenOver = once;
    return cancel;
  }

  /** Answers the request in the next turn, although its body may not have ended. */
  answerEarly(run: () => void): void {
    setImmediate(run);
  }
}
