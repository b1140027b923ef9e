import type { ChannelState } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { channelKind, type ChannelName } from '../protocol/channel-name.ts';
import { serviceUnavailable, type HttpError } from '../protocol/http-error.ts';
import type { CountAttribute } from '../protocol/trigger-request.ts';

/** The JSON of a 200, or of a 202 for work that is done later; or an error. */
export type ApiAnswer = { readonly json: string; readonly status?: 202 } | HttpError;

/** The state of all nodes is not known at the moment. */
export const stateUnavailable: HttpError = serviceUnavailable(
  'State unavailable: Redis, which the nodes share, does not respond, or does not know yet what each node holds. Try again',
  1,
);

/** A 200 with the described value, or a 503 if it is unknown. */
export function answerWith<T>(known: T | Unavailable, describe: (known: T) => object): ApiAnswer {
  return isUnavailable(known) ? stateUnavailable : { json: JSON.stringify(describe(known)) };
}

/** The counts of a channel, as in responses. */
export type Counts = Partial<Record<CountAttribute, number>>;

/** The requested counts, as far as a channel of this kind has them: only presence channels have users. */
export function countsOf(channel: ChannelName, state: ChannelState, info: readonly string[]): Counts {
  const { access } = channelKind(channel);
  // The counts of internal channels are not public.
  if (access === 'user') return {};
  const hasUsers = access === 'presence';
  return {
    ...(info.includes('user_count') && hasUsers && { user_count: state.userIds.length }),
    ...(info.includes('subscription_count') && { subscription_count: state.subscriptionCount }),
  };
}
