import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import type { PusherLibrary } from './client.ts';

/** What the browsers of this test run have sent over their sockets, in its order. */
export const sentByBrowsers: string[] = [];

class BrowserWebSocket extends WebSocket {
  // pusher-js sends nothing but text.
  override send(text: string): void {
    sentByBrowsers.push(text);
    super.send(text);
  }
}

/** As much of a browser as the web build of pusher-js asks for. */
const browser = {
  self: globalThis,
  window: globalThis,
  document: { body: {}, location: { protocol: 'http:' }, getElementsByTagName: () => [] },
  location: { protocol: 'http:' },
  addEventListener: () => {},
  removeEventListener: () => {},
  WebSocket: BrowserWebSocket,
};

/** `pusher-js/with-encryption`: the build for browsers, which is the only one under that name. */
export function loadWithEncryption(): PusherLibrary {
  Object.assign(globalThis, browser);
  return createRequire(import.meta.url)('pusher-js/with-encryption') as PusherLibrary;
}
