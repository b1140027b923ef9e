import type { Application } from '../../../src/apps/application.ts';
import { signedQuery } from '../sign-request.ts';

/** `POST /apps/ID/events`, signed as the server libraries sign. */
export function signedTrigger(app: Application, body: Readonly<Record<string, unknown>>, seconds: number) {
  const text = JSON.stringify(body);
  const path = `/apps/${app.id}/events`;
  return {
    appId: app.id,
    name: '',
    method: 'POST',
    path,
    unprefixedPath: undefined,
    rawQuery: signedQuery(app, { method: 'POST', path, body: text, timeMs: seconds * 1000 }),
    body: Buffer.from(text),
  };
}
