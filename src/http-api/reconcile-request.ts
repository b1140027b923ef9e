import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import { clip } from '../protocol/clip.ts';
import { parseObject } from '../protocol/decode.ts';
import { badRequest, conflict, notFound, type HttpError } from '../protocol/http-error.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { stateUnavailable, type ApiAnswer } from './api-answer.ts';
import type { Application } from '../apps/application.ts';

/** Sends an endpoint what it has missed. Returns the number of channels; unavailable while that is not known. */
export type Reconcile = (appId: string, endpointId: string) => MaybePromise<number | Unavailable>;

/** Handles a request to bring an endpoint back to the truth. */
export function answerReconcile(
  app: Application,
  body: string,
  reconcile: Reconcile,
): MaybePromise<ApiAnswer> {
  const endpointId = parse(body);
  if (typeof endpointId !== 'string') return endpointId;
  const endpoint = app.endpoints.find(({ id }) => id === endpointId);
  if (endpoint === undefined) return notFound(`Unknown endpoint: got '${clip(endpointId)}'`);
  if (!endpoint.isEnabled)
    return conflict(`Endpoint '${clip(endpointId)}' is disabled or paused. Enable or resume it first`);
  if (endpoint.heldSinceMs !== undefined) {
    return conflict(`Endpoint '${clip(endpointId)}' is paused. Resume it first`);
  }
  return whenReady(reconcile(app.id, endpointId), (channels) =>
    isUnavailable(channels) ? stateUnavailable : { json: JSON.stringify({ channels }), status: 202 },
  );
}

function parse(body: string): string | HttpError {
  const fields = parseObject(body);
  const expected = 'expected a JSON object with the id of the "endpoint"';
  if (fields === undefined) return badRequest(`Invalid body: ${expected}`);
  const { endpoint, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return badRequest(`Invalid body: unknown key '${clip(unknown)}', ${expected}`);
  return typeof endpoint === 'string' ? endpoint : badRequest(`Invalid endpoint: ${expected}`);
}
