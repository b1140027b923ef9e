import { Agent, request } from 'undici';
import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { errorCode, maxAnswerBytes, parseRetryAfter } from './answer.ts';

/**
 * Sends webhooks through keep-alive connections, a pool for each origin. Redirects are not followed. The
 * time-out is the clock's: undici's own timers are coarse by up to a second.
 */
export function createUndiciSender(clock: Clock): PostSender {
  const agent = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 0 } });
  return {
    async send({ url, headers, body }: Post, timeoutMs: number): Promise<Outcome> {
      const abort = new AbortController();
      let isLate = false;
      const cancel = clock.after(timeoutMs, () => {
        isLate = true;
        abort.abort();
      });
      try {
        const answer = await request(url, {
          method: 'POST',
          headers,
          body,
          dispatcher: agent,
          signal: abort.signal,
        });
        // The status has decided: what becomes of the body only decides whether the connection is kept.
        await answer.body.dump({ limit: maxAnswerBytes, signal: abort.signal }).catch(() => undefined);
        const retryAfterMs = parseRetryAfter(answer.headers['retry-after']);
        return {
          kind: 'answered',
          status: answer.statusCode,
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        };
      } catch (error) {
        return isLate ? { kind: 'timeout' } : { kind: 'unreachable', code: errorCode(error) };
      } finally {
        cancel();
      }
    },
    close: () => agent.destroy(),
  };
}
