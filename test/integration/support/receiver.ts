import { createHmac } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startReceiver } from '../../../src/receiver/receiver.ts';
import type { Receiver, ReceiverOptions } from '../../../src/receiver/types.ts';

export const occupied = { name: 'channel_occupied', channel: 'presence-a' };
export const added = { name: 'member_added', channel: 'presence-a', user_id: '7' };

/** A webhook to send. */
export interface Post {
  readonly events?: readonly unknown[];
  readonly secret?: string;
  readonly key?: string;
  readonly id?: string;
  readonly attempt?: number;
  readonly timeMs?: number;
  readonly path?: string;
  /** Whether it is marked as a test of the endpoint. */
  readonly isTest?: boolean;
}

/** A receiver that is closed when the test ends. */
export async function start(options?: ReceiverOptions): Promise<Receiver> {
  const receiver = await startReceiver(options);
  onTestFinished(() => receiver.close().catch(() => {}));
  return receiver;
}

/** Sends a signed webhook. */
export function post({ url }: { readonly url: string }, request: Post = {}): Promise<Response> {
  const { events = [occupied], secret = 'app-secret', key = 'app-key', id, attempt, path = '' } = request;
  const body = JSON.stringify({ time_ms: request.timeMs ?? Date.now(), events });
  return fetch(`${url}${path}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-pusher-key': key,
      'x-pusher-signature': createHmac('sha256', secret).update(body).digest('hex'),
      ...(id !== undefined && { 'webhook-id': id }),
      ...(attempt !== undefined && { 'x-soketify-attempt': String(attempt) }),
      ...(request.isTest === true && { 'x-soketify-test': '1' }),
    },
  });
}
