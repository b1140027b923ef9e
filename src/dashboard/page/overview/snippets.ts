import type { SelfView } from '../../../admin/views/server.ts';

/** What a snippet needs to know. */
export interface SnippetFacts {
  readonly appId: string;
  readonly key: string;
  readonly address: SelfView['address'];
  /** The host by which the page itself was reached. */
  readonly pageHost: string;
}

/** A browser that connects and listens, by pusher-js. */
export function clientSnippet(facts: SnippetFacts): string {
  const { key, address } = facts;
  const port = address.isTls ? 'wssPort' : 'wsPort';
  return [
    `import Pusher from 'pusher-js';`,
    ``,
    `const pusher = new Pusher('${key}', {`,
    `  wsHost: '${hostOf(facts)}',`,
    `  ${port}: ${address.port},`,
    ...(address.path === '' ? [] : [`  wsPath: '${address.path}',`]),
    `  forceTLS: ${address.isTls},`,
    `  enabledTransports: ['ws', 'wss'],`,
    `  cluster: 'local',`,
    `});`,
    `pusher.subscribe('orders').bind('order-paid', console.log);`,
  ].join('\n');
}

/** A backend that publishes, by Pusher's library for Node. */
export function serverSnippet(facts: SnippetFacts): string {
  const { appId, key, address } = facts;
  return [
    `import Pusher from 'pusher';`,
    ``,
    `const pusher = new Pusher({`,
    `  appId: '${appId}',`,
    `  key: '${key}',`,
    `  secret: process.env.PUSHER_SECRET,`,
    `  host: '${hostOf(facts)}',`,
    `  port: '${address.port}',`,
    `  useTLS: ${address.isTls},`,
    `});`,
    `await pusher.trigger('orders', 'order-paid', { id: 1 });`,
  ].join('\n');
}

/** An address that means every interface is none that somebody can connect to. */
function hostOf({ address, pageHost }: SnippetFacts): string {
  return ['', '0.0.0.0', '::', '[::]'].includes(address.host) ? pageHost : address.host;
}
