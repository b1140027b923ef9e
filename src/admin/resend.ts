import { OperationError } from '../operations/operation-error.ts';
import { lettersUnavailable } from '../http-api/dead-letter-queries.ts';
import type { Resent } from '../delivery-log/resender.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { clip } from '../protocol/clip.ts';
import { toOperationError } from './parts.ts';
import type { AttemptView } from '../views/deliveries.ts';

/** The attempt of a resend. Throws if nothing was sent. */
export function answerOfResend(resent: Resent, id: string): AttemptView {
  if (isUnavailable(resent)) throw toOperationError(lettersUnavailable);
  switch (resent) {
    case 'unknown':
      throw refuse(
        404,
        `no delivery '${clip(id)}' is kept: the id is wrong, or it has been deleted to make room`,
      );
    case 'busy':
      throw refuse(
        503,
        'not sent: the limit of concurrent requests is reached (webhooks.totalConcurrency). Try again',
      );
    case 'under-way':
      throw refuse(409, `not sent: another attempt of delivery '${clip(id)}' is in progress`);
    case 'gone':
      throw refuse(409, 'not sent: the endpoint of this delivery is no longer configured');
    case 'disabled':
      throw refuse(
        409,
        'not sent: the endpoint of this delivery is disabled or paused as off. Enable or resume it first',
      );
    case 'held':
      throw refuse(409, 'not sent: the endpoint of this delivery is on hold. Resume it first');
    default: {
      const { number, resend, timeMs, elapsedMs, result, status, error, answer } = resent;
      return {
        number,
        ...(resend !== undefined && { resend }),
        atMs: timeMs,
        elapsedMs,
        result,
        ...(status !== undefined && { status }),
        ...(error !== undefined && { error }),
        headers: {},
        ...(answer !== undefined && { answer }),
      };
    }
  }
}

function refuse(status: number, message: string): OperationError {
  return new OperationError(status, 'ERR_NOT_SENT', message);
}
