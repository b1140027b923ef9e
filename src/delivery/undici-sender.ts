import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { answeredWith, errorCode, maxAnswerBytes } from './answer.ts';

/** A URL as undici takes it: reading one takes as long as a third of the whole request. */
interface Place {
  readonly origin: string;
  readonly path: string;
}

const defaultConnectTimeoutMs = 60_000;

/** URLs are configured, few, and seldom change. */
const rememberedPlaces = 1000;

/**
 * Sends webhooks through keep-alive connections, a pool for each origin. Redirects are not followed. The
 * time-out is the clock's: undici's own timers are coarse by up to a second. A connection that is still being made when
 * its attempt is over cannot be had from undici; it ends after `connectTimeoutMs`, which is to be longer than an attempt.
 */
export function createUndiciSender(clock: Clock, connectTimeoutMs = defaultConnectTimeoutMs): PostSender {
  const connect = { timeout: connectTimeoutMs };
  const agent = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect });
  const places = new Map<string, Place>();

  function placeOf(url: string): Place | undefined {
    let place = places.get(url);
    if (place === undefined && URL.canParse(url)) {
      const { origin, pathname, search } = new URL(url);
      place = { origin, path: pathname + search };
      if (places.size >= rememberedPlaces) places.clear();
      places.set(url, place);
    }
    return place;
  }

  return {
    async send({ url, headers, body }: Post, timeoutMs: number): Promise<Outcome> {
      const place = placeOf(url);
      if (place === undefined) return { kind: 'unreachable', code: 'ERR_INVALID_URL' };
      return new Promise((resolve) => {
        const attempt = new Attempt((outcome) => {
          cancel();
          resolve(outcome);
        });
        const cancel = clock.after(timeoutMs, () => attempt.expire());
        agent.dispatch({ ...place, method: 'POST', headers, body }, attempt);
      });
    },
    close: () => agent.destroy(),
  };
}

/**
 * Hears what becomes of one request, from undici itself: its `request` makes a stream and an abort signal of each answer,
 * which costs as much again as sending the POST.
 */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #settle: (outcome: Outcome) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #answered: Outcome | undefined;
  #bytes = 0;
  #isSettled = false;

  constructor(settle: (outcome: Outcome) => void) {
    this.#settle = settle;
  }

  /** Its time is over, wherever it stands. */
  expire(): void {
    this.#end({ kind: 'timeout' });
    this.#controller?.abort(new Error('no answer in time'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Connecting took too long.
    if (this.#isSettled) controller.abort(new Error('no answer in time'));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    // Early hints and the like: the answer is still to come.
    if (status < 200) return;
    this.#answered = answeredWith(status, headers['retry-after']);
  }

  onResponseData(controller: Dispatcher.DispatchController, { byteLength }: Uint8Array): void {
    this.#bytes += byteLength;
    if (this.#bytes > maxAnswerBytes) controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    if (this.#answered !== undefined) this.#end(this.#answered);
  }

  /** The status has decided, if there was one: whether its body was cut only decides if the connection is kept. */
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end(this.#answered ?? { kind: 'unreachable', code: errorCode(error) });
  }

  #end(outcome: Outcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settle(outcome);
  }
}
