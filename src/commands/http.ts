import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request to a server. Header names are sent as they are written. */
export interface Request {
  /** Default: POST. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>> | readonly string[];
  readonly body?: Uint8Array;
  /** Whether the certificate of the server must be trusted. Default: true. */
  readonly verifiesCertificate?: boolean;
}

/** The outcome. */
export type RequestOutcome = { readonly elapsedMs: number } & (
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly text: string;
    }
  | { readonly kind: 'timeout' }
  | Unreachable
);

/** There was no response. `code` is from the system, such as ECONNREFUSED. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly code: string;
  readonly message: string;
}

/**
 * Makes a request and reads the whole answer, within `timeoutMs` milliseconds. Redirects are not followed; an expected
 * failure is a value.
 */
export async function ask(
  request: Request & { readonly timeoutMs: number },
  cancelled?: AbortSignal,
): Promise<RequestOutcome> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = cancelled === undefined ? timeout : AbortSignal.any([timeout, cancelled]);
  const startedAt = performance.now();
  const elapsed = () => ({ elapsedMs: Math.round(performance.now() - startedAt) });
  try {
    const answer = await open(request, signal);
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += String(part);
    return { kind: 'answered', status: answer.statusCode ?? 0, headers: answer.headers, text, ...elapsed() };
  } catch (error) {
    if (timeout.aborted) return { kind: 'timeout', ...elapsed() };
    return { ...unreachable(error), ...elapsed() };
  }
}

/** Sends a request. Resolves with the response, whose body is not read yet; rejects with the error of the system. */
export function open(
  { method = 'POST', url, headers, body, verifiesCertificate = true }: Request,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const length = body === undefined ? [] : ['Content-Length', String(body.byteLength)];
  const listed = Array.isArray(headers) ? headers : Object.entries(headers).flat();
  return new Promise((resolve, reject) => {
    request(url, {
      method,
      // If the headers are a list, Node adds no others.
      headers: ['Host', url.host, ...listed, ...length, 'Connection', 'close'],
      signal,
      agent: false,
      rejectUnauthorized: verifiesCertificate,
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

/** Describes the error of a request. Rethrows a value that is not an error. */
export function unreachable(error: unknown): Unreachable {
  if (!(error instanceof Error)) throw error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { kind: 'unreachable', code, message: error.message };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNRESET: 'the connection was reset before a response arrived',
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; set NODE_EXTRA_CA_CERTS=FILE to trust it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'no trusted authority issued its certificate; set NODE_EXTRA_CA_CERTS=FILE to trust another authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  HPE_INVALID_CONSTANT: 'its response is not HTTP',
  EPROTO:
    'it does not speak TLS on that port, or shares no TLS version or cipher with this client; use http:// for plain HTTP',
};

/** Describes why there was no response. */
export function describeUnreachable({
  code,
  message,
}: {
  readonly code: string;
  readonly message?: string;
}): string {
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : message;
  // An error that is not from the system has no code, but only the name of its class.
  return reason === undefined ? code : code === 'Error' ? reason : `${reason} (${code})`;
}
