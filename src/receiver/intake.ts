import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerOf } from '../auth/webhook-verification.ts';
import { dateNow } from '../system/real.ts';
import { checkAnswer } from './check.ts';
import type { Memory } from './memory.ts';
import type { Plans } from './plans.ts';
import { readBody } from './read-body.ts';
import { answerWith } from './respond.ts';
import type { Answer, Arrival, OriginalRequest, ReceiverOptions } from './types.ts';
import { judgeWebhook, type Standard, type Verdict } from './verdict.ts';

/** A request with another path or method than a webhook, and the response to it. */
export interface OtherRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** What the response says. */
  readonly why: string;
}

/** What is needed to process requests. */
export interface IntakeOptions extends Pick<ReceiverOptions, 'path' | 'respond' | 'onWebhook'> {
  readonly standard: Standard;
  readonly memory: Memory;
  readonly plans: Plans;
  /** Aborted when the receiver closes. */
  readonly ended: AbortSignal;
  /** Called with what `respond` and `onWebhook` throw. */
  readonly failed: (error: unknown) => void;
  /** Called for each request with another path or method. */
  readonly onOther?: ((request: OtherRequest) => void) | undefined;
}

/** Verifies, remembers and answers requests. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#take(request, response);
    } catch (error) {
      this.#options.failed(error);
      response.destroy();
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, standard, memory, onWebhook, onOther, ended } = this.#options;
    const { method = '', url = '/' } = request;
    const refuse = (status: number, why: string, headers = {}): Promise<void> => {
      onOther?.({ method, path: url, status, why });
      return answerWith(response, { status, headers, body: `${why}\n` });
    };
    if (method !== 'POST') return refuse(405, 'Send webhooks with POST.', { allow: 'POST' });
    if (path !== undefined && pathOf(request) !== path) {
      return refuse(404, `Webhooks are accepted at ${path}.`);
    }
    const body = await readBody(request);
    if (body.kind === 'gone') return;
    if (body.kind === 'too_large') {
      return answerWith(response, { status: 413, headers: { connection: 'close' } });
    }
    const arrival = arrivalOf(request, body.bytes, standard);
    const original = { body: body.bytes, rawHeaders: request.rawHeaders };
    const {
      status = usualStatus(arrival.verdict),
      delayMs = 0,
      ...rest
    } = await this.#decide(arrival, original);
    const webhook = memory.add(arrival, { status, delayMs });
    onWebhook?.(webhook);
    return answerWith(response, { ...rest, status, delayMs }, ended);
  }

  async #decide(arrival: Arrival, original: OriginalRequest): Promise<Answer> {
    const planned = this.#options.plans.take();
    if (planned !== undefined) return planned;
    try {
      const answer = (await this.#options.respond?.(arrival, original)) ?? {};
      checkAnswer(answer);
      return answer;
    } catch (error) {
      this.#options.failed(error);
      return { status: 500, body: `respond failed: ${String(error)}\n` };
    }
  }
}

function arrivalOf(request: IncomingMessage, bytes: Buffer, standard: Standard): Arrival {
  const { headers, url: path = '/' } = request;
  const receivedAt = Date.now();
  // A test may have faked `Date`, and the sender may use the faked or the real time.
  const { verdict, body } = judgeWebhook({ headers, body: bytes }, standard, Math.min(receivedAt, dateNow()));
  const attempt = Number(headerOf(headers, 'x-soketify-attempt'));
  return {
    path,
    headers,
    body: bytes.toString(),
    verdict,
    events: body?.events ?? [],
    timeMs: body?.time_ms,
    id: headerOf(headers, 'webhook-id'),
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    receivedAt,
  };
}

function usualStatus(verdict: Verdict): number {
  if (verdict.verified) return 200;
  return verdict.reason === 'malformed' ? 400 : 401;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}
