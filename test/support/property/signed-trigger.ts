import { createHash, createHmac } from 'node:crypto';
import type { Application } from '../../../src/apps/application.ts';

/** `POST /apps/ID/events`, signed as the server libraries sign. */
export function signedTrigger(app: Application, body: Readonly<Record<string, unknown>>, seconds: number) {
  const text = JSON.stringify(body);
  const path = `/apps/${app.id}/events`;
  const query = [
    `auth_key=${app.key}`,
    `auth_timestamp=${seconds}`,
    'auth_version=1.0',
    `body_md5=${createHash('md5').update(text).digest('hex')}`,
  ].join('&');
  const signature = createHmac('sha256', app.secret).update(`POST\n${path}\n${query}`).digest('hex');
  return {
    appId: app.id,
    name: '',
    method: 'POST',
    path,
    unprefixedPath: undefined,
    rawQuery: `${query}&auth_signature=${signature}`,
    body: Buffer.from(text),
  };
}
