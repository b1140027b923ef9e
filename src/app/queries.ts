import type { Ledger } from '../ports/ledger.ts';
import { allOf, isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import {
  channelKind,
  describeChannelNameFault,
  isChannelName,
  isInternal,
  type ChannelName,
} from '../protocol/channel-name.ts';
import { badRequest, isHttpError, type HttpError } from '../protocol/http-error.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import { countAttributes, decodeInfo } from '../protocol/trigger-request.ts';
import { answerWith, countsOf, stateUnavailable, type ApiAnswer, type Counts } from './api-answer.ts';
import type { LocalApp } from './local-app.ts';

/** A question about one channel. */
interface ChannelQuery {
  /** The name as it stands in the path, unescaped. */
  readonly channel: string;
  readonly query: Query;
}

/** The occupied channels, with the attributes asked for. */
export async function listChannels(app: LocalApp, ledger: Ledger, query: Query): Promise<ApiAnswer> {
  const prefix = queryValue(query, 'filter_by_prefix') ?? '';
  const info = decodeInfo(queryValue(query, 'info'), countAttributes);
  if (isHttpError(info)) return info;
  if (info.includes('user_count') && channelKind(prefix).access !== 'presence') {
    return badRequest(
      'user_count may only be requested for presence channels - please supply filter_by_prefix beginning with presence-',
    );
  }
  const appId = app.config.id;
  const names = await ledger.occupiedChannels(appId, prefix);
  if (isUnavailable(names)) return stateUnavailable;
  const describe = async (name: ChannelName): Promise<readonly [ChannelName, Counts] | Unavailable> => {
    if (info.length === 0) return [name, {}];
    const state = await ledger.channel(appId, name);
    return isUnavailable(state) ? state : [name, countsOf(name, state, info)];
  };
  const described = await Promise.all(names.map(describe));
  return answerWith(allOf(described), (channels) => ({ channels: Object.fromEntries(channels) }));
}

/** Whether a channel is occupied, with the attributes asked for. An unknown channel is not an error. */
export async function showChannel(app: LocalApp, ledger: Ledger, question: ChannelQuery): Promise<ApiAnswer> {
  const { channel, query } = question;
  const { limits } = app.config;
  if (!isChannelName(channel, limits)) return badRequest(describeChannelNameFault(channel, limits));
  const info = decodeInfo(queryValue(query, 'info'), [...countAttributes, 'cache']);
  if (isHttpError(info)) return info;
  if (isInternal(channel)) return badRequest(`'${channel}' is an internal channel, of which nothing is told`);
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
export async function showUsers(app: LocalApp, ledger: Ledger, question: ChannelQuery): Promise<ApiAnswer> {
  const { channel, query } = question;
  const { limits } = app.config;
  if (!isChannelName(channel, limits)) return badRequest(describeChannelNameFault(channel, limits));
  if (channelKind(channel).access !== 'presence') {
    return badRequest(`Users are only known for presence channels, and '${channel}' is not one`);
  }
  const extraneous = query.map(([key]) => key).filter((key) => !/^(auth_.*|body_md5)$/.test(key));
  if (extraneous.length > 0) {
    return badRequest(`The following query string parameters are extraneous: ${extraneous.join(', ')}`);
  }
  return answerWith(await ledger.channel(app.config.id, channel), ({ userIds }) => ({
    users: userIds.map((id) => ({ id })),
  }));
}

function notOfKind(attribute: string, kind: string): HttpError {
  return badRequest(`${attribute} may only be requested for ${kind} channels`);
}
