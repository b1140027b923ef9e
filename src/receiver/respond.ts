import type { ServerResponse } from 'node:http';
import { clearTimeout, setTimeout } from '../system/real.ts';
import type { Answer } from './types.ts';

/** Sends an answer, after its delay unless the signal aborts it. The sender may have disconnected. */
export async function answerWith(
  response: ServerResponse,
  { status = 200, delayMs = 0, headers = {}, body = '' }: Answer,
  signal?: AbortSignal,
): Promise<void> {
  if (delayMs > 0 && !(await hasPassed(delayMs, signal))) return;
  if (status === 'hang') return;
  if (status === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(status, headers);
  response.end(status === 204 || status === 304 ? undefined : body);
}

function hasPassed(delayMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const give = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', give);
      resolve(true);
    }, delayMs);
    signal?.addEventListener('abort', give, { once: true });
  });
}
