import { Agent as HttpAgent, request as requestHttp, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Clock } from '../ports/clock.ts';
import type { Outcome, Post, PostSender } from '../ports/webhook-sender.ts';
import { answeredWith, errorCode, maxAnswerBytes } from './answer.ts';

/**
 * Sends webhooks, each through a connection of its own, for a server inside somebody's test: there is no idle connection
 * whose end could race with the next attempt or keep a receiver from closing, nothing depends on the global timers that
 * a test framework replaces, and nothing has to be loaded. Where speed matters there is the other sender.
 */
export function createHttpSender(clock: Clock): PostSender {
  const agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  const underWay = new Set<ClientRequest>();
  let isClosed = false;
  return {
    async send(post: Post, timeoutMs: number): Promise<Outcome> {
      if (isClosed) return { kind: 'unreachable', code: 'CLOSED' };
      let request: ClientRequest | undefined;
      let isLate = false;
      const cancel = clock.after(timeoutMs, () => {
        isLate = true;
        request?.destroy();
      });
      try {
        request = open(post, agents);
        underWay.add(request);
        return await complete(request, post.body);
      } catch (error) {
        return isLate ? { kind: 'timeout' } : { kind: 'unreachable', code: errorCode(error) };
      } finally {
        cancel();
        if (request !== undefined) underWay.delete(request);
      }
    },
    async close() {
      isClosed = true;
      for (const request of underWay) request.destroy();
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function open(
  { url, headers, body }: Post,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
): ClientRequest {
  const options = { method: 'POST', headers: { ...headers, 'Content-Length': body.byteLength } };
  return url.startsWith('https:')
    ? requestHttps(url, { ...options, agent: agents.https })
    : requestHttp(url, { ...options, agent: agents.http });
}

/** Sends the body and waits for the whole answer. Rejects when the connection fails before its end. */
function complete(request: ClientRequest, body: Uint8Array): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    request.on('response', (answer) => {
      const outcome = answeredWith(answer.statusCode ?? 0, answer.headers['retry-after']);
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes <= maxAnswerBytes) return;
        // The status has decided.
        resolve(outcome);
        request.destroy();
      });
      answer.on('error', reject);
      answer.on('end', () => resolve(outcome));
    });
    request.end(body);
  });
}
