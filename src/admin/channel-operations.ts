import { stateUnavailable } from '../http-api/api-answer.ts';
import type { LocalApp } from '../apps/local-app.ts';
import { OperationError, invalidQuestion } from '../operations/operation-error.ts';
import { numberOf, parameterOf, textOf, type Operation, type Question } from '../operations/operation.ts';
import { done, listOf, object, whole } from '../operations/schema.ts';
import type { ChannelState } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import {
  anyLength,
  channelKind,
  describeChannelNameFault,
  isChannelName,
  isInternal,
  isUserId,
  type ChannelName,
} from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { appOf, toOperationError, type ChannelParts } from './parts.ts';
import { ref } from './schemas.ts';
import type { ChannelDetail, ChannelPage, ChannelView } from '../views/channels.ts';

/** The most channels on a page, and the default. */
const maxOnPage = 1000;
const defaultPage = 100;

/** The most connections in a list. */
const maxConnections = 1000;

/** The operations that read channels and connections, and close connections. */
export function channelOperations(parts: ChannelParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/apps/{app}/channels',
      id: 'listChannels',
      summary: 'The occupied channels, sorted by name.',
      query: {
        prefix: 'Only channels whose name begins with this.',
        after: 'The `next` of the previous page.',
        limit: `Channels on a page, at most ${maxOnPage}. Default: ${defaultPage}.`,
      },
      answer: ref('ChannelPage'),
      run: (question) => listChannels(parts, appOf(parts, question), question),
    },
    {
      method: 'get',
      path: '/apps/{app}/channels/{channel}',
      id: 'showChannel',
      summary: 'One channel: members, cached event, and the subscribed connections of this node.',
      answer: ref('ChannelDetail'),
      run: (question) => showChannel(parts, appOf(parts, question), channelOf(parts, question)),
    },
    {
      method: 'get',
      path: '/apps/{app}/connections',
      id: 'listConnections',
      summary: `The connections of this node, at most ${maxConnections}.`,
      answer: object({ connections: listOf(ref('Connection')), total: whole }, ['connections', 'total']),
      run: (question) => parts.connections.list(appOf(parts, question).config.id, undefined, maxConnections),
    },
    {
      method: 'post',
      path: '/apps/{app}/connections/{socket}/close',
      id: 'closeConnection',
      summary:
        'Closes a connection of this node with code 4009. Clients do not reconnect automatically after it.',
      answer: done,
      async run(question) {
        const socketId = parameterOf(question, 'socket');
        const { id } = appOf(parts, question).config;
        if (!(await parts.connections.close(id, socketId))) throw unknownConnection(socketId);
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/users/{user}/terminate',
      id: 'terminateUser',
      summary:
        'Closes every connection that is signed in as the user, on all nodes, and those of this node that are a presence member with this user id.',
      answer: done,
      async run(question) {
        const app = appOf(parts, question);
        const userId = parameterOf(question, 'user');
        if (!isUserId(userId, anyLength)) throw invalidQuestion(`invalid user id: got '${clip(userId)}'`);
        known(await parts.fanout.terminate(app.config.id, userId));
        await parts.connections.closeMembers(app.config.id, userId);
      },
    },
  ];
}

/** The error for a socket id that no connection of this node has. */
export function unknownConnection(socketId: string): OperationError {
  return new OperationError(
    404,
    'ERR_CONNECTION_UNKNOWN',
    `no connection '${clip(socketId)}' is open on this node: it is closed, or is open on another node`,
  );
}

/** The channel in the path. Throws if the name is not valid. */
export function channelOf(parts: ChannelParts, question: Question): ChannelName {
  const { limits } = appOf(parts, question).config;
  const channel = parameterOf(question, 'channel');
  if (!isChannelName(channel, anyLength)) throw invalidQuestion(describeChannelNameFault(channel, limits));
  if (isInternal(channel)) throw invalidQuestion(`'${channel}' is an internal channel, which is not shown`);
  return channel;
}

/** Returns the answer, or throws a 503 if it is unavailable. */
export function known<T>(answer: T | Unavailable): T {
  if (isUnavailable(answer)) throw toOperationError(stateUnavailable);
  return answer;
}

async function listChannels(parts: ChannelParts, app: LocalApp, question: Question): Promise<ChannelPage> {
  const { ledger, questions } = parts;
  const { id } = app.config;
  const limit = numberOf(question, 'limit') ?? defaultPage;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxOnPage) {
    throw invalidQuestion(`limit: expected a whole number from 1 to ${maxOnPage}, got ${limit}`);
  }
  const after = textOf(question, 'after') ?? '';
  // One more than the page holds shows whether there is another page.
  const names = known(
    await ledger.occupiedChannels(id, textOf(question, 'prefix') ?? '', { after, limit: limit + 1 }),
  );
  const listed = names.slice(0, limit);
  const items = await questions.each(listed, async (name) => {
    const state = await ledger.channel(id, name);
    return describeChannel(name, isUnavailable(state) ? undefined : state);
  });
  const next = names.length > limit ? listed.at(-1) : undefined;
  return { items, ...(next !== undefined && { next }) };
}

async function showChannel(
  { ledger, showsPayloads, connections }: ChannelParts,
  app: LocalApp,
  channel: ChannelName,
): Promise<ChannelDetail> {
  const state = known(await ledger.channel(app.config.id, channel));
  const { cache } = state;
  const here = await connections.list(app.config.id, channel, maxConnections);
  return {
    ...describeChannel(channel, state),
    occupied: state.occupied,
    ...(channelKind(channel).access === 'presence' && { userIds: state.userIds }),
    ...(cache && { cache: { data: showsPayloads ? cache.data : '', ttlSeconds: cache.ttl } }),
    connections: here.connections,
  };
}

function describeChannel(name: ChannelName, state: ChannelState | undefined): ChannelView {
  const { access, isCache } = channelKind(name);
  return {
    name,
    kind: kindOf(name),
    isCache,
    ...(state && { subscriptionCount: state.subscriptionCount }),
    ...(state && access === 'presence' && { userCount: state.userIds.length }),
  };
}

function kindOf(name: ChannelName): ChannelView['kind'] {
  if (name.startsWith('private-encrypted-')) return 'encrypted';
  const { access } = channelKind(name);
  return access === 'user' ? 'private' : access;
}
