import type { Outcome } from '../ports/webhook-sender.ts';

/** What an answer comes to, by its status and its `Retry-After`. */
export function answeredWith(status: number, retryAfter: string | readonly string[] | undefined): Outcome {
  const retryAfterMs = parseRetryAfter(retryAfter);
  return { kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** `Retry-After` in whole seconds. Its other form, a date, is the endpoint's clock's: the backoff serves. */
function parseRetryAfter(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/** The system's word for why there was no answer. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** The most of an answer's body that is read: its content means nothing. */
export const maxAnswerBytes = 64 * 1024;
