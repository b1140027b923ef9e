import type { HttpAnswer, OutgoingResponse } from '../transport/http-message.ts';
import { json } from '../transport/http-message.ts';
import type { AccessRefusal } from './access-refusal.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Adds headers that keep other pages away from the Dashboard, and keep it from running content that it shows. */
export function secured<Given extends HttpAnswer>(answer: Given): Given {
  return { ...answer, headers: { ...securityHeaders, ...answer.headers } };
}

/** The headers of data. */
export const dataHeaders: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'Cache-Control': 'no-store',
};

/** The same for data, which must not be cached. */
export function securedData<Given extends HttpAnswer>(answer: Given): Given {
  return secured({ ...answer, headers: { 'Cache-Control': 'no-store', ...answer.headers } });
}

/** A JSON response. `headers` are added to the usual ones. */
export function jsonData(content: object, headers: Readonly<Record<string, string>> = {}): OutgoingResponse {
  return securedData({ ...json(JSON.stringify(content)), headers });
}

/** The headers of a refusal. */
export function headersOfRefusal({
  status,
  retryAfterSeconds,
}: AccessRefusal): Readonly<Record<string, string>> {
  return {
    ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
  };
}

/** The response to a refused request. */
export function refusedAccess(refusal: AccessRefusal): OutgoingResponse {
  const { status, code, message } = refusal;
  const headers = headersOfRefusal(refusal);
  return securedData({
    ...json(JSON.stringify({ error: { code, message } }), status),
    headers,
    reason: message,
  });
}
