import { describe, expect, test } from 'vitest';
import { rosterOf } from '../../support/roster.ts';
import {
  encodeCacheMiss,
  encodeConnectionEstablished,
  encodeError,
  encodeMemberAdded,
  encodeMemberRemoved,
  encodePresence,
  encodeSigninSuccess,
  encodeSubscriptionCount,
  encodeSubscriptionError,
  encodeSubscriptionSucceeded,
  encodeWatchlistEvents,
  eventEncoder,
  pingFrame,
  pongFrame,
} from '../../../src/protocol/encode.ts';
import { channelName, socketIdOf } from '../../support/unit/application.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface Member {
  readonly userId: string;
  readonly infoJson: string;
}

interface Failure {
  readonly code: number | null;
  readonly message: string;
}

/** The names of the encoders in the vectors, with the arguments that they give. */
const encoders = {
  connectionEstablished: (id: string, seconds: number) =>
    encodeConnectionEstablished(socketIdOf(id), seconds),
  ping: () => pingFrame,
  pong: () => pongFrame,
  error: (error: Failure) => encodeError(error),
  subscriptionSucceeded: (channel: string) => encodeSubscriptionSucceeded(channelName(channel)),
  presence: (channel: string, members: Member[]) => encodePresence(channelName(channel), rosterOf(members)),
  memberAdded: (channel: string, member: Member) => encodeMemberAdded(channelName(channel), member),
  memberRemoved: (channel: string, userId: string) => encodeMemberRemoved(channelName(channel), userId),
  subscriptionError: (channel: string, type: 'AuthError', error: Failure) =>
    encodeSubscriptionError(channel, type, error),
  cacheMiss: (channel: string) => encodeCacheMiss(channelName(channel)),
  subscriptionCount: (channel: string, count: number) => encodeSubscriptionCount(channelName(channel), count),
  signinSuccess: (userData: string) => encodeSigninSuccess(userData),
  watchlistEvents: (users: { online: string[]; offline: string[] }) => encodeWatchlistEvents(users),
  event: (name: string, channel: string, data: string, userId?: string) =>
    eventEncoder(name, data, userId)(channelName(channel)),
};

interface FrameOut {
  readonly source: string;
  readonly title: string;
  readonly encoder: keyof typeof encoders;
  readonly arguments: readonly unknown[];
  readonly frame: string;
}

describe('a frame to a client', () => {
  test.each(vectors('frames-out') as FrameOut[])('is written: $title ($source)', (vector) => {
    const encode = encoders[vector.encoder] as (...given: readonly unknown[]) => string;
    expect(encode(...vector.arguments)).toBe(vector.frame);
  });

  test('one encoder serves every channel of an event', () => {
    const encode = eventEncoder('news', '"x"');
    expect(['a', 'b'].map((channel) => encode(channelName(channel)))).toEqual([
      '{"event":"news","channel":"a","data":"\\"x\\""}',
      '{"event":"news","channel":"b","data":"\\"x\\""}',
    ]);
  });
});
