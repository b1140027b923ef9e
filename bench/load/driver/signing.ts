import { createHash, createHmac } from 'node:crypto';
import type { Address } from './address.ts';

/** A request to the HTTP API. It can be sent repeatedly while its timestamp is accepted (600 s). */
export interface SignedRequest {
  readonly path: string;
  readonly body: string;
}

/** Signs `POST /apps/ID/events` as the Pusher SDKs do. Sign once per round, not once per request. */
export function signTrigger(address: Address, channel: string, data: string): SignedRequest {
  return sign(address, 'events', { name: 'bench', channels: [channel], data });
}

/** Signs `POST /apps/ID/batch_events` with one event for each channel. */
export function signBatch(address: Address, channels: readonly string[], data: string): SignedRequest {
  return sign(address, 'batch_events', {
    batch: channels.map((channel) => ({ name: 'bench', channel, data })),
  });
}

function sign(address: Address, resource: string, content: object): SignedRequest {
  const body = JSON.stringify(content);
  const path = `/apps/${address.appId}/${resource}`;
  const query = [
    `auth_key=${address.key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    'auth_version=1.0',
    `body_md5=${createHash('md5').update(body).digest('hex')}`,
  ].join('&');
  const signature = createHmac('sha256', address.secret).update(`POST\n${path}\n${query}`).digest('hex');
  return { path: `${path}?${query}&auth_signature=${signature}`, body };
}

/** What a client's backend returns for a private or presence channel, as fields of the subscription. */
export interface ChannelAuth {
  readonly auth: string;
  readonly channel_data?: string;
}

/** Authorizes one socket for a private channel or, with a user id, for a presence channel. */
export function channelAuth(
  app: Pick<Address, 'key' | 'secret'>,
  socketId: string,
  channel: string,
  userId: string | null = null,
): ChannelAuth {
  const member = userId === null ? null : JSON.stringify({ user_id: userId, user_info: { name: userId } });
  const signed = `${socketId}:${channel}${member === null ? '' : `:${member}`}`;
  const auth = `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
  return member === null ? { auth } : { auth, channel_data: member };
}
