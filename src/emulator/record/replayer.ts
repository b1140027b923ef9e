import type { Clock, WallTime } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { PostSender } from '../../ports/webhook-sender.ts';
import { endOf } from '../../recording/delivery-record.ts';
import { attemptHeaders, createPayload } from '../../webhooks/payload.ts';
import type { ReplayedDelivery, ReplayPlan } from './replay-options.ts';

/** The dependencies of a replay. */
export interface ReplayParts {
  readonly sender: Pick<PostSender, 'send'>;
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly ids: Pick<Ids, 'webhookId'>;
}

/**
 * Sends the webhooks of a record one after the other, each once. `time_ms` and `webhook-timestamp` are the time of sending, so that
 * backends do not refuse a webhook as too old. A webhook that the backend does not accept is not retried.
 */
export async function replay(
  { url, key, secret, headers, timeoutMs, speed, newIds, onAnswer, deliveries }: ReplayPlan,
  { sender, clock, wallTime, ids }: ReplayParts,
): Promise<readonly ReplayedDelivery[]> {
  const beganAt = clock.now();
  const recordedStart = deliveries[0]?.endedAtMs ?? 0;
  const answers: ReplayedDelivery[] = [];
  for (const { id: recordedId, status: recorded, events, endedAtMs } of deliveries) {
    if (speed !== undefined) await waitUntil(beganAt + (endedAtMs - recordedStart) / speed, clock);
    const id = newIds ? ids.webhookId() : recordedId;
    const timeMs = wallTime.now();
    const payload = createPayload({ id, timeMs, events: [events] });
    const which = { attempt: 1, atMs: timeMs };
    const request = {
      url,
      headers: attemptHeaders({ key, secret }, { headers, standardSignature: true }, payload, which),
      body: payload.body,
    };
    const sentAt = clock.now();
    const end = endOf(await sender.send(request, timeoutMs));
    const elapsedMs = Math.round(clock.now() - sentAt);
    const body = Buffer.from(payload.body).toString('utf8');
    const answer = { id, recordedId, recorded, body, elapsedMs, ...end };
    answers.push(answer);
    onAnswer(answer);
  }
  return answers;
}

function waitUntil(at: number, clock: Clock): Promise<void> {
  const waitMs = at - clock.now();
  if (waitMs <= 0) return Promise.resolve();
  return new Promise((resolve) => void clock.after(waitMs, resolve));
}
