import { authenticateHead, refuseBody, type SignedHead } from '../../../src/auth/request-auth.ts';
import type { KeyRing } from '../../../src/auth/key-pair.ts';
import { isHttpError, type HttpError } from '../../../src/protocol/http-error.ts';
import type { Query } from '../../../src/protocol/query.ts';

/** Both steps in one call: the head, and then the body. */
export function authenticateRequest(
  app: KeyRing,
  request: SignedHead & { readonly body: Uint8Array },
  nowMs: number,
): Query | HttpError {
  const query = authenticateHead(app, request, nowMs);
  return isHttpError(query) ? query : (refuseBody(request.body, query) ?? query);
}
