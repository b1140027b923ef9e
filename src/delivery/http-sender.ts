import { Agent as HttpAgent, request as requestHttp, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Clock } from '../ports/clock.ts';
import type { Outcome, Post, PostSender } from '../ports/webhook-sender.ts';
import { Attempt } from './attempt.ts';
import { Names, refusalOf } from './names.ts';
import { OpenAnswers } from './open-answers.ts';

/**
 * Sends webhooks, each through a connection of its own, for a server inside somebody's test: there is no idle connection
 * whose end could race with the next attempt or keep a receiver from closing, nothing depends on the global timers that
 * a test framework replaces, and nothing has to be loaded. Where speed matters there is the other sender.
 *
 * `clock` is that of the time-out. Bodies that do not end are given up by `socketClock`, and so are look-ups of names;
 * it must go by itself: nobody moves time on for their sake.
 */
export function createHttpSender(
  clock: Clock,
  socketClock: Clock = clock,
  names = new Names({ clock: socketClock }),
): PostSender {
  const agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  const openAnswers = new OpenAnswers(socketClock);
  const underWay = new Set<ClientRequest>();
  let isClosed = false;

  function open({ url, headers, body, publicOnly = false }: Post, attempt: Attempt): void {
    const refusal = publicOnly ? refusalOf(new URL(url).hostname) : undefined;
    if (refusal !== undefined) throw refusal;
    const options = {
      method: 'POST',
      headers: { ...headers, 'Content-Length': body.byteLength },
      lookup: names.lookup(publicOnly),
    };
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, agent: agents.https })
      : requestHttp(url, { ...options, agent: agents.http });
    underWay.add(request);
    request.on('close', () => underWay.delete(request));
    relay(request, attempt);
    request.end(body);
  }

  return {
    async send(post: Post, timeoutMs: number): Promise<Outcome> {
      if (isClosed) return { kind: 'unreachable', code: 'CLOSED' };
      return new Promise((resolve) => {
        const attempt = new Attempt({ clock, timeoutMs, openAnswers, settle: resolve });
        try {
          open(post, attempt);
        } catch (error) {
          attempt.failed(error);
        }
      });
    },
    async close() {
      isClosed = true;
      names.close();
      for (const request of underWay) request.destroy();
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** Tells an attempt what becomes of its request. */
function relay(request: ClientRequest, attempt: Attempt): void {
  let failure: Error | undefined;
  const fail = (error: Error): void => void (failure ??= error);
  attempt.connected(() => request.destroy());
  request.on('response', (answer) => {
    attempt.answered(answer.statusCode ?? 0, answer.headers);
    answer.on('data', (chunk: Buffer) => attempt.received(chunk));
    answer.on('error', fail);
    answer.on('end', () => attempt.ended());
  });
  request.on('error', fail);
  // An error may overtake what had come before it; the close does not.
  request.on('close', () =>
    attempt.failed(failure ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' })),
  );
}
