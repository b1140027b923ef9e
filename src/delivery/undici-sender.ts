import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { Attempt } from './attempt.ts';
import { passOverInterimAnswers } from './interim-answers.ts';
import { OpenAnswers } from './open-answers.ts';

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
  const connect = connectorOf(connectTimeoutMs);
  const agent = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect });
  const openAnswers = new OpenAnswers(clock);
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
        const attempt = new Attempt({ clock, timeoutMs, openAnswers, settle: resolve });
        agent.dispatch({ ...place, method: 'POST', headers, body }, new Relay(attempt));
      });
    },
    close: () => agent.destroy(),
  };
}

function connectorOf(timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      passOverInterimAnswers(socket);
      callback(null, socket);
    });
}

/**
 * Tells an attempt what becomes of its request, as undici itself says it: its `request` makes a stream and an abort signal
 * of each answer, which costs as much again as sending the POST.
 */
class Relay implements Dispatcher.DispatchHandler {
  readonly #attempt: Attempt;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#attempt.connected(() => controller.abort(new Error('given up')));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    this.#attempt.answered(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#attempt.received(chunk);
  }

  onResponseEnd(): void {
    this.#attempt.ended();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#attempt.failed(error);
  }
}
