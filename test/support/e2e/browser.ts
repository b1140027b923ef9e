import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import type { PusherLibrary } from './client.ts';

/** What the browsers of this test run have sent over their sockets, in order. */
export const sentByBrowsers: string[] = [];

class BrowserWebSocket extends WebSocket {
  // pusher-js sends only text.
  override send(text: string): void {
    sentByBrowsers.push(text);
    super.send(text);
  }
}

/** The browser APIs that the web build of pusher-js needs. */
const browser = {
  self: globalThis,
  window: globalThis,
  document: { body: {}, location: { protocol: 'http:' }, getElementsByTagName: () => [] },
  location: { protocol: 'http:' },
  addEventListener: () => {},
  removeEventListener: () => {},
  WebSocket: BrowserWebSocket,
};

/** `pusher-js/with-encryption` exports only the build for browsers. */
export function loadWithEncryption(): PusherLibrary {
  Object.assign(globalThis, browser);
  return createRequire(import.meta.url)('pusher-js/with-encryption') as PusherLibrary;
}
