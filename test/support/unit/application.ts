import { createHmac } from 'node:crypto';
import type { Application } from '../../../src/apps/application.ts';
import type { Greeting } from '../../../src/connections/hub.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import { defaultLimits, type Limits } from '../../../src/protocol/limits.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { eventNames } from '../../../src/webhooks/event.ts';

/** The documented limits (docs/limits.md). */
export const limits: Limits = defaultLimits;

/** The handshake of a client without an origin over an unencrypted connection. */
export function greeting(key = 'app-key', given: Partial<Greeting> = {}): Greeting {
  return { key, protocol: '7', origin: undefined, isSecure: false, remoteAddress: '127.0.0.1', ...given };
}

export const channelName = (name: string): ChannelName => name as ChannelName;
export const socketIdOf = (id: string): SocketId => id as SocketId;

export function endpoint(
  given: Partial<Omit<Endpoint, 'eventTypes'>> & { eventTypes?: readonly string[] } = {},
): Endpoint {
  const { eventTypes = eventNames, ...rest } = given;
  return {
    id: 'main',
    url: 'http://receiver/hook',
    isEnabled: true,
    channels: {},
    headers: {},
    ...rest,
    eventTypes: new Set(eventTypes as typeof eventNames),
  };
}

/** App 1 with one endpoint that selects everything, with these changes. */
export function application(
  given: Partial<Omit<Application, 'limits'>> & { limits?: Partial<Limits> } = {},
): Application {
  return {
    id: '1',
    key: 'app-key',
    secret: 'app-secret',
    otherKeys: [],
    isEnabled: true,
    clientEvents: true,
    subscriptionCount: false,
    watchlist: true,
    forceTls: false,
    allowedOrigins: ['*'],
    endpoints: [endpoint()],
    ...given,
    limits: { ...limits, ...given.limits },
  };
}

/** `auth` of a subscription, signed here and not by the program's own code. */
export function authFor(socketId: string, channel: string, channelData?: string, of = application()): string {
  const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  return `${of.key}:${createHmac('sha256', of.secret).update(signed).digest('hex')}`;
}

/** `auth` of a sign-in, likewise. */
export function userAuthFor(
  socketId: string,
  userData: string,
  of: { readonly key: string; readonly secret: string } = application(),
): string {
  return `${of.key}:${createHmac('sha256', of.secret).update(`${socketId}::user::${userData}`).digest('hex')}`;
}
