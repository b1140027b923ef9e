import type { Outcome } from '../ports/webhook-sender.ts';
import { clip } from '../protocol/clip.ts';

type Answered = Extract<Outcome, { readonly kind: 'answered' }>;

/** What an endpoint's answer to a webhook means, as a sentence with what to do. */
export function verdictOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
      return verdictOnAnswer(outcome);
    case 'timeout':
      return 'No answer came in time (webhooks.requestTimeoutMs). Answer 200 as soon as the request is verified and stored, and do the work afterwards.';
    case 'unreachable':
      return verdictOnFailure(outcome.code);
  }
}

/** Answers that mean more than their class does. */
const byStatus: Readonly<Record<number, string>> = {
  401: 'The endpoint refused the request (401). Does it verify X-Pusher-Signature with the secret of this app, over the raw bytes of the body before any JSON parser? Login or CSRF checks must let this path pass.',
  403: 'The endpoint refused the request (403). Does it verify X-Pusher-Signature with the secret of this app, over the raw bytes of the body before any JSON parser? Login, CSRF or firewall rules must let this path pass.',
  404: 'Nothing is at this path (404). Compare the path of the URL with the route of the receiver.',
  405: 'The path does not take POST (405). Define the route of the receiver for POST, and compare the path.',
  408: 'The endpoint gave up waiting for the request (408). Look at the proxies before it: do they pass the body on?',
  410: 'The endpoint says that it is gone for good (410). Correct the URL, or remove the endpoint.',
  413: 'The body is too large for the endpoint (413). Raise its limit, or lower maxBytes or maxEvents of the batch.',
  415: 'The endpoint does not accept application/json (415). Have it take that content type.',
  419: 'The endpoint demands a CSRF token (419, as Laravel answers). Exempt this path from the CSRF check.',
  421: 'The server behind this address does not serve this host (421). Compare the host of the URL with its configuration.',
  422: 'The endpoint understood the request but rejects its content (422). Look at its validation: events have more or fewer fields by their name.',
  429: 'The endpoint asks for fewer requests (429). Raise its limit for this path, or raise maxDelayMs and maxEvents of the batch.',
  502: 'A proxy before the endpoint got no proper answer from it (502). Does the receiver run, where the proxy expects it?',
  503: 'The endpoint is not available at the moment (503). Does the receiver run, and is it out of maintenance?',
  504: 'A proxy before the endpoint got no answer from it in time (504). Answer 200 before the work is done.',
};

function verdictOnAnswer({ status, location }: Answered): string {
  if (status >= 200 && status < 300) return `The endpoint took it (${status}).`;
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 300 && status < 400) return verdictOnRedirect(status, location);
  if (status >= 500) return `The receiver failed (${status}). Look into its log for this moment.`;
  return `The endpoint refused the request (${status}). Only 2xx counts as taken: look into its log for why.`;
}

function verdictOnRedirect(status: number, location: string | undefined): string {
  const where = location === undefined ? '' : ` to ${clip(location)}`;
  return `The endpoint redirects${where} (${status}), and redirects are not followed: a POST would lose its body. Give the URL at which they end.`;
}

/** Why there was no answer, by the system's word. */
const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens at this host and port. Does the receiver run, on this port, and not only on the 127.0.0.1 of another machine or container?',
  ECONNRESET:
    'The connection was broken before an answer came. Look into the log of the receiver and of proxies before it.',
  EPIPE:
    'The connection was broken while the request was sent. Look into the log of the receiver and of proxies before it.',
  ETIMEDOUT: 'The host does not answer. Is it up, and does a firewall let this server through?',
  EHOSTUNREACH: 'No way leads to this host. Compare the address, and look at routes and firewalls.',
  ENETUNREACH: 'No way leads to this network. Compare the address, and look at routes and firewalls.',
  ENOTFOUND:
    'The name of the host has no address. Is it spelt rightly, and known to the name servers of this machine?',
  ADDRESS_NOT_PUBLIC:
    'The host is at a private address, and this endpoint must be on the internet. Give a public URL, or allow it by webhooks.privateAddresses.',
  CERT_HAS_EXPIRED: 'The certificate of the endpoint has expired. Renew it.',
  CERT_NOT_YET_VALID:
    'The certificate of the endpoint is not valid yet. Compare the clocks of both machines.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the endpoint is for another host. Compare the host of the URL with the names in the certificate.',
  EPROTO: 'The endpoint does not speak TLS as expected. Is it https at this port?',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The endpoint does not speak TLS at this port. Should the URL begin with http://?',
  ERR_INVALID_URL: 'The URL of the endpoint is none. Correct it.',
  CLOSED: 'This server is ending and sends nothing any more.',
};

/** A certificate that nobody vouches for. */
const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function verdictOnFailure(code: string): string {
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known !== undefined) return `${known} (${code})`;
  if (untrusted.has(code)) {
    return `The certificate of the endpoint is not trusted: it is self-signed, or its chain is incomplete. Have the endpoint send the whole chain, or give this server the authority in NODE_EXTRA_CA_CERTS. (${code})`;
  }
  if (code.startsWith('DNS_')) {
    return `The name servers of this machine could not be asked for the host. Look at its DNS. (${code})`;
  }
  if (code.startsWith('HPE_')) {
    return `What came back is no proper HTTP. Is the URL's port that of a web server, and http or https as it should be? (${code})`;
  }
  return `The endpoint could not be reached. (${code})`;
}
