import type { ChannelQueries } from '../ports/channel-queries.ts';
import { isUnavailable, unavailable, type Unavailable } from '../ports/unavailable.ts';
import { anyLength, channelKind, isChannelName, type ChannelName } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { badRequest, isHttpError, type HttpError } from '../protocol/http-error.ts';
import type { Limits } from '../protocol/limits.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import { countAttributes, decodeInfo, type CountAttribute } from '../protocol/trigger-request.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import { countsOf, stateUnavailable, type ApiAnswer } from './api-answer.ts';
import type { LocalApp } from '../apps/local-app.ts';

/** The maximum number of channels on a page. */
const mostOnPage = 5000;

/** How many channels are encoded at a time. */
const inPiece = 1000;

/** What requests about many channels or users need. */
export interface Questions {
  readonly ledger: ChannelQueries;
  /** Describing a channel is one step. */
  readonly questions: TurnBudget;
}

/** A parsed request. */
interface ListRequest {
  readonly prefix: string;
  readonly info: readonly CountAttribute[];
  /** Only names after this one; an empty text starts with the first. Undefined if the backend did not request a page. */
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * The occupied channels with the requested attributes: all of them, or a page if the backend requests one. More than fit into a
 * response are refused, because a list that is cut silently would be taken for the complete list.
 */
export async function listChannels(app: LocalApp, using: Questions, query: Query): Promise<ApiAnswer> {
  const { id, limits } = app.config;
  const request = decodeListRequest(query, limits);
  if (isHttpError(request)) return request;
  // One more than requested shows whether there are more.
  const page = { after: request.after, limit: request.limit + 1 };
  const found = await using.ledger.occupiedChannels(id, request.prefix, page);
  if (isUnavailable(found)) return stateUnavailable;
  const hasMore = found.length > request.limit;
  if (hasMore && request.after === undefined) return tooMany(request, limits);
  const names = hasMore ? found.slice(0, request.limit) : found;
  const channels = await describe(id, using, names, request.info);
  if (isUnavailable(channels)) return stateUnavailable;
  const next = hasMore ? `,"next":${JSON.stringify(names.at(-1))}` : '';
  return { json: `{"channels":{${channels}}${next}}` };
}

function decodeListRequest(query: Query, limits: Limits): ListRequest | HttpError {
  const prefix = queryValue(query, 'filter_by_prefix') ?? '';
  const info = decodeInfo(queryValue(query, 'info'), countAttributes);
  if (isHttpError(info)) return info;
  if (info.includes('user_count') && channelKind(prefix).access !== 'presence') {
    return badRequest(
      'user_count may only be requested for presence channels - please supply filter_by_prefix beginning with presence-',
    );
  }
  const after = queryValue(query, 'after');
  const limit = queryValue(query, 'limit');
  if (after === undefined && limit === undefined) {
    return { prefix, info, after: undefined, limit: limits.channelsPerAnswer };
  }
  const most = largestPage(limits);
  if (limit !== undefined && (!/^[1-9]\d{0,8}$/.test(limit) || Number(limit) > most)) {
    return badRequest(`limit must be a whole number from 1 to ${most}, but got '${clip(limit)}'`);
  }
  if (after !== undefined && !isChannelName(after, anyLength)) {
    return badRequest(
      `after must be a channel name, the "next" of the previous page, but got '${clip(after)}'. Omit it for the first page`,
    );
  }
  return { prefix, info, after: after ?? '', limit: limit === undefined ? most : Number(limit) };
}

function largestPage({ channelsPerAnswer }: Limits): number {
  return Math.min(mostOnPage, channelsPerAnswer);
}

function tooMany({ prefix, limit }: ListRequest, limits: Limits): HttpError {
  const which = prefix === '' ? '' : ` whose names start with '${clip(prefix)}'`;
  return badRequest(
    `There are more than ${limit} occupied channels${which}, the maximum in one response. Request a page with limit=${largestPage(limits)}, and each further page with the "next" of the previous page as after; the last page has no "next"`,
  );
}

/** The members of a JSON object with the channels by name. */
async function describe(
  appId: string,
  { ledger, questions }: Questions,
  names: readonly ChannelName[],
  info: readonly CountAttribute[],
): Promise<string | Unavailable> {
  const describeOne = async (name: ChannelName): Promise<string | Unavailable> => {
    // Channel names need no escaping because their characters have been checked.
    if (info.length === 0) return `"${name}":{}`;
    const state = await ledger.channel(appId, name);
    return isUnavailable(state) ? state : `"${name}":${JSON.stringify(countsOf(name, state, info))}`;
  };
  const pieces: string[] = [];
  for (let start = 0; start < names.length; start += inPiece) {
    const described = await questions.each(names.slice(start, start + inPiece), describeOne);
    if (described.some(isUnavailable)) return unavailable;
    pieces.push(described.join(','));
  }
  return pieces.join(',');
}
