import type { ChannelState } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { channelKind, type ChannelName } from '../protocol/channel-name.ts';
import { serviceUnavailable, type HttpError } from '../protocol/http-error.ts';
import type { CountAttribute } from '../protocol/trigger-request.ts';

/** The JSON of a 200, or of a 202 if what was asked for is done later; or why there is none. */
export type ApiAnswer = { readonly json: string; readonly status?: 202 } | HttpError;

/** What only all nodes together know is not known at the moment. */
export const stateUnavailable: HttpError = serviceUnavailable(
  'State unavailable: Redis, which the nodes share, does not answer, or does not know yet what each node holds. Try again',
  1,
);

/** The 200 that says it, or the 503 when it is not known. */
export function answerWith<T>(known: T | Unavailable, describe: (known: T) => object): ApiAnswer {
  return isUnavailable(known) ? stateUnavailable : { json: JSON.stringify(describe(known)) };
}

/** The counts of a channel as answers carry them. */
export type Counts = Partial<Record<CountAttribute, number>>;

/** The counts asked for, as far as such a channel has them: only presence channels have users. */
export function countsOf(channel: ChannelName, state: ChannelState, info: readonly string[]): Counts {
  const { access } = channelKind(channel);
  // An internal channel has no counts that anybody is told.
  if (access === 'user') return {};
  const hasUsers = access === 'presence';
  return {
    ...(info.includes('user_count') && hasUsers && { user_count: state.userIds.length }),
    ...(info.includes('subscription_count') && { subscription_count: state.subscriptionCount }),
  };
}
