import type { Answer, OriginalRequest } from '../receiver/types.ts';
import { ask, describeUnreachable } from './http.ts';

/** The response of a backend to a forwarded webhook. */
export type Forwarded = { readonly url: string; readonly elapsedMs: number } & (
  | { readonly status: number }
  /** The backend gave no response that could be returned. */
  | { readonly error: string }
);

/** A forwarded webhook: the outcome, and the answer to its sender. */
export interface ForwardedAnswer {
  readonly forwarded: Forwarded;
  readonly answer: Answer;
}

/** Hop-by-hop headers, which are not forwarded. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Forwards webhooks to a backend with the same bytes and headers, except the headers of the connection. Each webhook gets the
 * response of the backend. Without one, it gets 502 or, after `timeoutMs` milliseconds, 504, so that the sender retries.
 */
export class Forwarder {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #end = new AbortController();

  constructor(url: URL, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  async forward({ body, rawHeaders }: OriginalRequest): Promise<ForwardedAnswer> {
    const request = { url: this.#url, headers: withoutConnection(rawHeaders), body };
    const outcome = await ask({ ...request, timeoutMs: this.#timeoutMs }, this.#end.signal);
    const about = { url: this.#url.href, elapsedMs: outcome.elapsedMs };
    const failed = (status: number, error: string): ForwardedAnswer => ({
      forwarded: { ...about, error },
      answer: { status, body: `${about.url}: ${error}\n` },
    });
    switch (outcome.kind) {
      case 'timeout':
        return failed(504, `no answer within ${outcome.elapsedMs} ms`);
      case 'unreachable':
        return failed(502, describeUnreachable(outcome));
      case 'answered': {
        const { status, headers, text } = outcome;
        if (status < 200 || status > 599)
          return failed(502, `it answered ${status}, which is not an HTTP status`);
        return {
          forwarded: { ...about, status },
          answer: { status, headers: toAnswer(headers), body: text },
        };
      }
    }
  }

  /** Aborts the requests in progress. */
  close(): void {
    this.#end.abort();
  }
}

function withoutConnection(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.filter((_, index) => {
    const name = rawHeaders[index - (index % 2)] ?? '';
    return !hopByHop.has(name.toLowerCase());
  });
}

function toAnswer(headers: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name))
      passed[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return passed;
}
