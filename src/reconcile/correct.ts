import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { correctionsOf, type Believer, type ChannelTruth } from '../webhooks/debts.ts';
import { selects } from '../webhooks/endpoint.ts';

/**
 * Appends the events that change what an endpoint believes into the truth, behind all events of the channel that have happened.
 * Only this endpoint receives them. Returns their number, or undefined if the truth, or what waits for the endpoint, is unknown now.
 */
export type Correct = (believer: Believer) => MaybePromise<number | undefined>;

/** What correcting needs where the truth is known at once. */
export interface CorrectOptions {
  /** What webhooks have reported of a channel and not taken back. */
  readonly truthOf: (appId: string, channel: ChannelName) => ChannelTruth;
  /** Called when it is needed. */
  readonly outbox: () => Pick<Outbox, 'append'>;
}

/** Corrects with what is known in memory. */
export function createCorrect({ truthOf, outbox }: CorrectOptions): Correct {
  return ({ appId, endpoint, channel, believed }) => {
    const missed = correctionsOf(channel, believed, truthOf(appId, channel)).filter(({ name }) =>
      selects(endpoint, name, channel),
    );
    const onlyFor = endpoint.id;
    if (missed.length > 0)
      outbox().append(
        appId,
        missed.map((event) => ({ ...event, onlyFor })),
      );
    return missed.length;
  };
}
