import { request as open, type Agent, type IncomingHttpHeaders } from 'node:http';
import { authParameters, signatureOf, type Parameter } from '../sign-request.ts';
import { app, type AppConfig } from './config.ts';
import { readBody } from './receiver.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  /** The path to send, if it differs from the signed one. */
  readonly sentPath?: string;
  /** The parameters to sign. Names may repeat. */
  readonly params?: readonly Parameter[];
  /** How the library encodes names and values. Default: not at all. */
  readonly escape?: (text: string) => string;
  /** Raw text before or after the parameters. */
  readonly before?: string;
  readonly after?: string;
  /** Replaces the value of `auth_timestamp`. */
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
): readonly Parameter[] {
  const { method, path, params = [], body, alwaysMd5 = false, timestamp, app: of = app } = request;
  const auth = authParameters(of.key, body !== '' || alwaysMd5 ? body : undefined);
  const parameters = [
    ...params,
    ...auth.map(([name, value]) => [name, (name === 'auth_timestamp' && timestamp) || value] as const),
  ];
  return [...parameters, ['auth_signature', signatureOf(of.secret, { method, path, parameters })]];
}
