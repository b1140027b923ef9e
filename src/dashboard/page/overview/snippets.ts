import type { SelfView } from '../../../views/server.ts';

/** What a snippet needs to know. */
export interface SnippetFacts {
  readonly appId: string;
  readonly key: string;
  readonly address: SelfView['address'];
  /** The host by which the page itself was reached. */
  readonly pageHost: string;
}

/** The code of a snippet, with the key and address of this server. */
export function filled(code: string, { appId, key, address, pageHost }: SnippetFacts): string {
  const { host, port, path, isTls } = address;
  const values: Readonly<Record<string, string>> = {
    appId,
    key,
    // An address that means every interface is none that somebody can connect to.
    host: ['', '0.0.0.0', '::', '[::]'].includes(host) ? pageHost : host,
    port: String(port),
    portName: isTls ? 'wssPort' : 'wsPort',
    path: path === '' ? '' : `\n  wsPath: '${path}',`,
    isTls: String(isTls),
  };
  return code.replaceAll(/%(\w+)%/g, (text, name: string) => values[name] ?? text);
}
