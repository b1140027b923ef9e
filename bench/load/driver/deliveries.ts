import { Latencies } from '../measure/latencies.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { onSchedule } from '../measure/wait.ts';
import type { Target } from '../servers/target.ts';
import type { Publisher } from './publisher.ts';
import { signTrigger } from './signing.ts';
import type { Subscribers } from './subscribers.ts';

/** Messages to one channel, and its subscribers. */
export interface Load {
  readonly target: Target;
  readonly channel: string;
  readonly subscribers: Subscribers;
  readonly publisher: Publisher;
  readonly payload: string;
}

/** Publishes `perSecond` messages a second, each due at a time that does not depend on the server. */
export async function onePerTick(load: Load, perSecond: number, seconds: number): Promise<Sample> {
  const { target, channel, subscribers, publisher, payload } = load;
  const request = signTrigger(target, channel, payload);
  const droppedBefore = subscribers.dropped;
  const dueAt: number[] = [];
  const latencies = new Latencies();
  const answers: Promise<boolean>[] = [];
  subscribers.startRound({ dueAt, latencies });
  const end = beginSample(target);
  const sent = await onSchedule({ perSecond, seconds }, (_, due) => {
    dueAt.push(due);
    answers.push(publisher.post(request));
  });
  const accepted = (await Promise.all(answers)).filter(Boolean).length;
  const endedAt = await subscribers.drain(accepted, sent);
  const outcome = outcomeOf(subscribers, { sent, accepted, refused: sent - accepted }, droppedBefore);
  return end({ ...outcome, latency: latencies.percentiles() }, endedAt);
}

/** What happened to the messages, as counted by the subscribers. */
export function outcomeOf(
  subscribers: Subscribers,
  published: { readonly sent: number; readonly accepted: number; readonly refused: number },
  droppedBefore: number,
) {
  const { sent, accepted, refused } = published;
  return {
    operations: subscribers.delivered,
    accepted,
    delivered: subscribers.delivered,
    missing: subscribers.missing(accepted),
    duplicated: subscribers.beyond(sent),
    errors: refused + subscribers.dropped - droppedBefore,
  };
}
