import { createHash, createHmac } from 'node:crypto';
import { request as open, type Agent, type IncomingHttpHeaders } from 'node:http';
import { app, type AppConfig } from './config.ts';
import { readBody } from './receiver.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  /** The path to send, if it differs from the signed one. */
  readonly sentPath?: string;
  /** The parameters to sign. Names may repeat. */
  readonly params?: readonly (readonly [name: string, value: string])[];
  /** How the library encodes names and values. Default: not at all. */
  readonly escape?: (text: string) => string;
  /** Raw text before or after the parameters. */
  readonly before?: string;
  readonly after?: string;
  /** Replaces the time in seconds. */
  readonly timestamp?: string;
  readonly body?: string;
  /** Sends `body_md5` even without a body, as Python's library does. */
  readonly alwaysMd5?: boolean;
  readonly app?: AppConfig;
  readonly agent?: Agent;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The client's side of the connection. */
  readonly localPort: number;
}

/** Sends a signed request whose target goes out byte for byte, which HTTP client libraries do not allow. */
export async function sendRaw(server: { readonly port: number }, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', path, body = '', escape = (text: string) => text, agent } = request;
  const { before = '', after = '' } = request;
  const params = signedParams({ ...request, method, body });
  const query = params.map(([name, value]) => `${escape(name)}=${escape(value)}`).join('&');
  const target = `${request.sentPath ?? path}?${before}${query}${after}`;
  return new Promise((resolve, reject) => {
    const outgoing = open({ host: '127.0.0.1', port: server.port, method, path: target, agent });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const localPort = incoming.socket.localPort ?? 0;
      const answer = readBody(incoming).then((bytes) => ({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        text: bytes.toString(),
        localPort,
      }));
      answer.then(resolve, reject);
    });
    outgoing.end(body);
  });
}

function signedParams(
  request: RawRequest & { readonly method: string; readonly body: string },
): readonly (readonly [string, string])[] {
  const { method, path, params = [], body, alwaysMd5 = false, app: of = app } = request;
  const md5 = createHash('md5').update(body).digest('hex');
  const all = [
    ...params,
    ['auth_key', of.key] as const,
    ['auth_timestamp', request.timestamp ?? String(Math.floor(Date.now() / 1000))] as const,
    ['auth_version', '1.0'] as const,
    ...(body !== '' || alwaysMd5 ? [['body_md5', md5] as const] : []),
  ];
  const plain = all
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map((pair) => pair.join('='))
    .join('&');
  const signature = createHmac('sha256', of.secret).update(`${method}\n${path}\n${plain}`).digest('hex');
  return [...all, ['auth_signature', signature]];
}
