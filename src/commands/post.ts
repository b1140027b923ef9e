import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What is posted. Header names are sent as they are written. */
export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

/** What came of it. */
export type PostOutcome = { readonly elapsedMs: number } & (
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly text: string;
    }
  | { readonly kind: 'timeout' }
  /** `code` is the system's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly code: string; readonly message: string }
);

/** Posts once. Redirects are not followed; an expected failure is a value. */
export async function post({ url, headers, body, timeoutMs }: Post): Promise<PostOutcome> {
  const signal = AbortSignal.timeout(timeoutMs);
  const startedAt = performance.now();
  const elapsed = () => ({ elapsedMs: Math.round(performance.now() - startedAt) });
  try {
    const answer = await send({ url, headers, body }, signal);
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += String(part);
    return { kind: 'answered', status: answer.statusCode ?? 0, text, ...elapsed() };
  } catch (error) {
    if (signal.aborted) return { kind: 'timeout', ...elapsed() };
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    return { kind: 'unreachable', code, message: error.message, ...elapsed() };
  }
}

/** Resolves with the answer, whose body is still to be read. */
function send(
  { url, headers, body }: Omit<Post, 'timeoutMs'>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { method: 'POST', headers: { ...headers, 'Content-Length': body.byteLength }, signal };
  return new Promise((resolve, reject) => {
    request(url, { ...options, agent: false })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ECONNRESET: 'the connection was broken before an answer came',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; NODE_EXTRA_CA_CERTS=FILE makes it trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of nobody trusted; NODE_EXTRA_CA_CERTS=FILE adds one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  HPE_INVALID_CONSTANT: 'what it answers is no HTTP',
  EPROTO: 'it does not speak TLS there, or not so',
};

/** Says in words why there was no answer. */
export function describeUnreachable({
  code,
  message,
}: {
  readonly code: string;
  readonly message?: string;
}): string {
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : message;
  return reason === undefined ? code : `${reason} (${code})`;
}
