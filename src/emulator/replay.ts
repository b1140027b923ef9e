import { createSender } from '../delivery/sender.ts';
import { systemClock, systemWallTime } from '../system/clock.ts';
import { createRandomIds } from '../system/ids.ts';
import { planReplay, type ReplayedDelivery, type ReplayOptions } from './record/replay-options.ts';
import { replay } from './record/replayer.ts';
import type { RunRecord } from './record/run-record.ts';

/**
 * Sends the webhooks of a record to a backend, signed with its secret: each once, one after the other, in the order in which they
 * were accepted or dropped when they were recorded. `time_ms` is the time of sending. Resolves with the answers of the backend, even
 * if it refused webhooks or could not be reached.
 *
 * @param record The result of `record()`, or the response of `GET /control/record`.
 * @param options The URL and the secret of the backend, and further options. Default: no pauses, and a `timeoutMs` of 4000.
 * @throws EmulatorError with ERR_ARGUMENT_INVALID if it is not a record, if it has another version, or if an option is invalid.
 * @example
 * const record = await soketify.record();
 * const answers = await replayRecord(record, { url: 'http://127.0.0.1:3000/webhooks', secret: 'app-secret' });
 * console.log(answers.filter(({ status }) => status !== 200)); // what the backend did not accept
 * @since 0.1.0
 */
export async function replayRecord(
  record: RunRecord,
  options: ReplayOptions,
): Promise<readonly ReplayedDelivery[]> {
  const plan = planReplay(record, options);
  const sender = createSender({ clock: systemClock, keepsConnections: false });
  try {
    return await replay(plan, {
      sender,
      clock: systemClock,
      wallTime: systemWallTime,
      ids: createRandomIds(),
    });
  } finally {
    await sender.close();
  }
}
