import { createHash, createHmac } from 'node:crypto';
import type { Address } from './socket.ts';

/** A request to the HTTP API, ready to be sent any number of times while its timestamp is accepted (600 s). */
export interface SignedRequest {
  readonly path: string;
  readonly body: string;
}

/** Signs `POST /apps/ID/events` as the Pusher SDKs do. Sign once per round, not once per request. */
export function signTrigger(address: Address, channel: string, data: string): SignedRequest {
  const body = JSON.stringify({ name: 'bench', channels: [channel], data });
  const path = `/apps/${address.appId}/events`;
  const query = [
    `auth_key=${address.key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    'auth_version=1.0',
    `body_md5=${createHash('md5').update(body).digest('hex')}`,
  ].join('&');
  const signature = createHmac('sha256', address.secret).update(`POST\n${path}\n${query}`).digest('hex');
  return { path: `${path}?${query}&auth_signature=${signature}`, body };
}
