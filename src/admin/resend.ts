import { OperationError } from '../operations/operation-error.ts';
import { lettersUnavailable } from '../app/dead-letter-queries.ts';
import type { Resent } from '../app/resender.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { clip } from '../protocol/clip.ts';
import { refusalOf } from './parts.ts';
import type { AttemptView } from '../views/deliveries.ts';

/** What came of sending a delivery again. Throws why it was not sent. */
export function answerOfResend(resent: Resent, id: string): AttemptView {
  if (isUnavailable(resent)) throw refusalOf(lettersUnavailable);
  switch (resent) {
    case 'unknown':
      throw refuse(404, `no delivery '${clip(id)}' is kept: there was none, or it is forgotten by now`);
    case 'busy':
      throw refuse(
        503,
        'not sent: as many requests as may be are under way (webhooks.totalConcurrency). Try again',
      );
    case 'under-way':
      throw refuse(409, `not sent: delivery '${clip(id)}' is being sent at this moment`);
    case 'gone':
      throw refuse(409, 'not sent: the endpoint of this delivery is not configured any more');
    case 'disabled':
      throw refuse(
        409,
        'not sent: the endpoint of this delivery is disabled, or paused off. Enable or resume it first',
      );
    case 'held':
      throw refuse(409, 'not sent: the endpoint of this delivery is paused. Resume it first');
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
