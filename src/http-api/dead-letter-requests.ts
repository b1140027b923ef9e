import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { clip } from '../protocol/clip.ts';
import {
  badRequest,
  conflict,
  isHttpError,
  notFound,
  serviceUnavailable,
  type HttpError,
} from '../protocol/http-error.ts';
import { invalidBody } from '../protocol/invalid-body.ts';
import { parseObject } from '../protocol/decode.ts';
import type { ApiAnswer } from './api-answer.ts';
import {
  lettersUnavailable,
  timestampForm,
  parseTimestamp,
  unknownLetter,
  type Letters,
} from './dead-letter-queries.ts';
import type { LocalApp } from '../apps/local-app.ts';
import type { Recovery, RecoveryPlan } from '../delivery-log/recoveries.ts';

/** A parsed request for a recovery. */
interface RecoveryRequest extends RecoveryPlan {
  readonly isDryRun: boolean;
}

const accepted: readonly string[] = ['endpoint', 'since', 'dry_run'];

const busy = serviceUnavailable(
  'No attempt was made: the maximum number of attempts to all endpoints is in progress (webhooks.totalConcurrency). Try again',
  1,
);

/** Resends one delivery, and responds with the result. */
export async function resendLetter(app: LocalApp, letters: Letters, id: string): Promise<ApiAnswer> {
  const resent = await letters.resend(app.config.id, id);
  if (isUnavailable(resent)) return lettersUnavailable;
  switch (resent) {
    case 'unknown':
      return unknownLetter(id);
    case 'busy':
      return busy;
    case 'under-way':
      return conflict(`Delivery '${clip(id)}' is being sent right now`);
    case 'gone':
      return conflict('Not sent: the endpoint of this delivery is no longer configured');
    case 'disabled':
      return conflict(
        'Not sent: the endpoint of this delivery is disabled or paused. Enable or resume it first',
      );
    case 'held':
      return conflict('Not sent: the endpoint of this delivery is paused. Resume it first');
    default: {
      const { number, resend, result, status, error, elapsedMs, answer } = resent;
      const body = { status, result, error, elapsed_ms: elapsedMs, answer, attempt: number, resend };
      return { json: JSON.stringify(body) };
    }
  }
}

/** Starts to resend what an endpoint has lost, or only responds with how much that is. */
export async function recover(app: LocalApp, letters: Letters, body: string): Promise<ApiAnswer> {
  const request = decodeRequest(body);
  if (isHttpError(request)) return request;
  const { endpointId } = request;
  const appId = app.config.id;
  const started = request.isDryRun
    ? await letters.estimate(appId, request)
    : await letters.recover(appId, request);
  if (isUnavailable(started)) return lettersUnavailable;
  if (typeof started === 'string') return refuseRecovery(started, endpointId);
  if (!('id' in started)) return { json: JSON.stringify({ matched: started }) };
  return { status: 202, json: JSON.stringify({ id: started.id, matched: started.matched }) };
}

/** The progress of a recovery. */
export function showRecovery(app: LocalApp, letters: Letters, id: string): ApiAnswer {
  return answerRecovery(letters.recovery(app.config.id, id), id);
}

/** Cancels a recovery, and responds with its progress. */
export function cancelRecovery(app: LocalApp, letters: Letters, id: string): ApiAnswer {
  return answerRecovery(letters.cancel(app.config.id, id), id);
}

function answerRecovery(recovery: Recovery | undefined | Unavailable, id: string): ApiAnswer {
  if (isUnavailable(recovery)) return lettersUnavailable;
  if (recovery === undefined) {
    return notFound(`No recovery '${clip(id)}': there was none, or it is no longer remembered`);
  }
  const { endpointId: endpoint, state, cause, matched, sent, failed, skipped, left } = recovery;
  const progress = {
    id: recovery.id,
    endpoint,
    state,
    cause,
    matched,
    sent,
    failed,
    skipped,
    left,
  };
  return { json: JSON.stringify(progress) };
}

function refuseRecovery(why: string, endpointId: string): HttpError {
  const endpoint = `endpoint '${clip(endpointId)}'`;
  if (why === 'gone') return conflict(`Nothing is sent: the app has no ${endpoint}`);
  if (why === 'disabled')
    return conflict(`Nothing is sent: ${endpoint} is disabled or paused. Enable or resume it first`);
  if (why === 'held') return conflict(`Nothing is sent: ${endpoint} is paused. Resume it first`);
  return conflict(`A recovery of ${endpoint} is in progress. Wait for it, or cancel it with DELETE`);
}

function decodeRequest(body: string): RecoveryRequest | HttpError {
  const fields = parseObject(body);
  if (fields === undefined) return invalidBody(body);
  // If somebody misspells dry_run, the recovery must not start.
  const unknown = Object.keys(fields).find((key) => !accepted.includes(key));
  if (unknown !== undefined) {
    return badRequest(`Unknown parameter '${clip(unknown)}': expected one of ${accepted.join(', ')}`);
  }
  const { endpoint, since, dry_run: dryRun = false } = fields;
  if (typeof endpoint !== 'string' || endpoint === '') {
    return badRequest('Missing parameter: endpoint, the id of an endpoint');
  }
  if (typeof dryRun !== 'boolean') return badRequest('dry_run must be true or false');
  if (since === undefined) return { endpointId: endpoint, sinceMs: undefined, isDryRun: dryRun };
  const moment = typeof since === 'string' ? since : JSON.stringify(since);
  const sinceMs = parseTimestamp(moment);
  if (sinceMs === undefined) return badRequest(`since must be ${timestampForm}, but got '${clip(moment)}'`);
  return { endpointId: endpoint, sinceMs, isDryRun: dryRun };
}
