import type { ChannelQueries } from '../ports/channel-queries.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import {
  anyLength,
  channelKind,
  describeChannelNameFault,
  isChannelName,
  isInternal,
} from '../protocol/channel-name.ts';
import { badRequest, isHttpError, type HttpError } from '../protocol/http-error.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import { countAttributes, decodeInfo } from '../protocol/trigger-request.ts';
import { answerWith, countsOf, stateUnavailable, type ApiAnswer } from './api-answer.ts';
import type { Questions } from './list-channels.ts';
import type { LocalApp } from '../apps/local-app.ts';

/** A request about one channel. */
interface ChannelQuery {
  /** The name in the path, unescaped. */
  readonly channel: string;
  readonly query: Query;
}

/** Whether a channel is occupied, with the requested attributes. An unknown channel is not an error. */
export async function showChannel(
  app: LocalApp,
  ledger: ChannelQueries,
  question: ChannelQuery,
): Promise<ApiAnswer> {
  const { channel, query } = question;
  const { limits } = app.config;
  if (!isChannelName(channel, anyLength)) return badRequest(describeChannelNameFault(channel, limits));
  const info = decodeInfo(queryValue(query, 'info'), [...countAttributes, 'cache']);
  if (isHttpError(info)) return info;
  if (isInternal(channel))
    return badRequest(`'${channel}' is an internal channel, whose state is not available`);
  const kind = channelKind(channel);
  if (info.includes('user_count') && kind.access !== 'presence') return notOfKind('user_count', 'presence');
  if (info.includes('cache') && !kind.isCache) return notOfKind('cache', 'cache');
  return answerWith(await ledger.channel(app.config.id, channel), (state) => ({
    occupied: state.occupied,
    ...countsOf(channel, state, info),
    ...(info.includes('cache') && { cache: state.cache ?? null }),
  }));
}

/** The distinct users of a presence channel. */
export async function showUsers(
  app: LocalApp,
  { ledger, questions }: Questions,
  question: ChannelQuery,
): Promise<ApiAnswer> {
  const { channel, query } = question;
  const { limits } = app.config;
  if (!isChannelName(channel, anyLength)) return badRequest(describeChannelNameFault(channel, limits));
  if (channelKind(channel).access !== 'presence') {
    return badRequest(`Users are only known for presence channels, and '${channel}' is not one`);
  }
  const extraneous = query.map(([key]) => key).filter((key) => !/^(auth_.*|body_md5)$/.test(key));
  if (extraneous.length > 0) {
    return badRequest(`The following query string parameters are extraneous: ${extraneous.join(', ')}`);
  }
  const state = await ledger.channel(app.config.id, channel);
  if (isUnavailable(state)) return stateUnavailable;
  const users = await questions.each(state.userIds, async (id) => JSON.stringify({ id }));
  return { json: `{"users":[${users.join(',')}]}` };
}

function notOfKind(attribute: string, kind: string): HttpError {
  return badRequest(`${attribute} may only be requested for ${kind} channels`);
}
