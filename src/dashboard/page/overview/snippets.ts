import { urlHost } from '../../../protocol/connectable-host.ts';
import type { SelfView } from '../../../views/server.ts';

/** The values of the placeholders in a snippet. */
export interface SnippetFacts {
  readonly appId: string;
  readonly key: string;
  readonly address: SelfView['address'];
  /** The host in the address of the page. */
  readonly pageHost: string;
}

/** Fills in the placeholders of a snippet. */
export function filled(code: string, { appId, key, address, pageHost }: SnippetFacts): string {
  const { host, port, path, isTls } = address;
  const values: Readonly<Record<string, string>> = {
    appId,
    key,
    // A client cannot connect to an address that means all interfaces.
    host: ['', '0.0.0.0', '::', '[::]'].includes(host) ? pageHost : urlHost(host),
    port: String(port),
    portName: isTls ? 'wssPort' : 'wsPort',
    path: path === '' ? '' : `\n  wsPath: '${path}',`,
    isTls: String(isTls),
  };
  return code.replaceAll(/%(\w+)%/g, (text, name: string) => values[name] ?? text);
}
