import type { Outcome } from '../ports/webhook-sender.ts';
import { clip } from '../protocol/clip.ts';

type Answered = Extract<Outcome, { readonly kind: 'answered' }>;

/** Explains what an endpoint's response to a webhook means and what to do, in one sentence or two. */
export function verdictOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
      return verdictOnAnswer(outcome);
    case 'timeout':
      return 'The endpoint did not answer in time (webhooks.requestTimeoutMs). Answer 200 as soon as the request is verified and stored, and do the work afterwards.';
    case 'unreachable':
      return verdictOnFailure(outcome.code);
  }
}

/** Statuses with a specific explanation. */
const byStatus: Readonly<Record<number, string>> = {
  401: 'The endpoint refused the request (401). Check that it verifies X-Pusher-Signature with the secret of this app, over the raw bytes of the body before any JSON parser. Login and CSRF checks must let this path pass.',
  403: 'The endpoint refused the request (403). Check that it verifies X-Pusher-Signature with the secret of this app, over the raw bytes of the body before any JSON parser. Login, CSRF and firewall rules must let this path pass.',
  404: 'Nothing is at this path (404). Compare the path of the URL with the route of the receiver.',
  405: 'The path does not accept POST (405). Define the route of the receiver for POST, and compare the path.',
  408: 'The endpoint timed out waiting for the request (408). Check that the proxies in front of it forward the body.',
  410: 'The endpoint answers that it is gone permanently (410). Correct the URL, or remove the endpoint.',
  413: 'The body is too large for the endpoint (413). Raise its limit, or lower maxBytes or maxEvents of the batch.',
  415: 'The endpoint does not accept application/json (415). Make it accept that content type.',
  419: 'The endpoint demands a CSRF token (419, as Laravel answers). Exempt this path from the CSRF check.',
  421: 'The server at this address does not serve this host (421). Compare the host of the URL with its configuration.',
  422: 'The endpoint understood the request but rejects its content (422). Look at its validation: the fields of an event depend on its name.',
  429: 'The endpoint asks for fewer requests (429). Raise its limit for this path, or raise maxDelayMs and maxEvents of the batch.',
  502: 'A proxy in front of the endpoint got no valid response from it (502). Check that the receiver runs where the proxy expects it.',
  503: 'The endpoint is currently unavailable (503). Check that the receiver runs and is not in maintenance mode.',
  504: 'A proxy in front of the endpoint got no response from it in time (504). Answer 200 before the work is done.',
};

function verdictOnAnswer({ status, location }: Answered): string {
  if (status >= 200 && status < 300) return `The endpoint accepted it (${status}).`;
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 300 && status < 400) return verdictOnRedirect(status, location);
  if (status >= 500) return `The receiver failed (${status}). Look at its log for this time.`;
  return `The endpoint refused the request (${status}). Only 2xx counts as accepted. Look at its log for the reason.`;
}

function verdictOnRedirect(status: number, location: string | undefined): string {
  const where = location === undefined ? '' : ` to ${clip(location)}`;
  return `The endpoint redirects${where} (${status}), and redirects are not followed: a POST would lose its body. Give the URL at which they end.`;
}

/** Explanations of failures, by the system's error code. */
const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens at this host and port. Check that the receiver runs, on this port, and does not listen only on 127.0.0.1 of another machine or container.',
  ECONNRESET:
    'The connection was closed before a response was received. Look at the logs of the receiver and of the proxies in front of it.',
  EPIPE:
    'The connection was closed while the request was sent. Look at the logs of the receiver and of the proxies in front of it.',
  ETIMEDOUT: 'The host does not answer. Check that it is up, and that firewalls let this server connect.',
  EHOSTUNREACH: 'There is no route to this host. Check the address, routes and firewalls.',
  ENETUNREACH: 'There is no route to this network. Check the address, routes and firewalls.',
  ENOTFOUND:
    'The host name has no address. Check its spelling, and that the name servers of this machine know it.',
  ADDRESS_NOT_PUBLIC:
    'The host has a private address, and this endpoint must be on the internet. Give a public URL, or allow the address in webhooks.privateAddresses.',
  CERT_HAS_EXPIRED: 'The certificate of the endpoint has expired. Renew it.',
  CERT_NOT_YET_VALID:
    'The certificate of the endpoint is not valid yet. Compare the clocks of both machines.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the endpoint is for another host. Compare the host of the URL with the names in the certificate.',
  EPROTO: 'The endpoint does not speak TLS as expected. Check that this port serves https.',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The endpoint does not speak TLS at this port. Check whether the URL should start with http://.',
  ERR_INVALID_URL: 'The URL of the endpoint is invalid. Correct it.',
  CLOSED: 'This server is shutting down and sends nothing any more.',
};

/** Codes for certificates that no trusted authority has signed. */
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
    return `The certificate of the endpoint is not trusted: it is self-signed, or its chain is incomplete. Make the endpoint send the whole chain, or name the authority's certificate in NODE_EXTRA_CA_CERTS of this server. (${code})`;
  }
  if (code.startsWith('DNS_')) {
    return `The name servers of this machine could not resolve the host. Check its DNS configuration. (${code})`;
  }
  if (code.startsWith('HPE_')) {
    return `The response is not valid HTTP. Check that a web server listens on the URL's port, and whether the URL should be http or https. (${code})`;
  }
  return `The endpoint could not be reached. (${code})`;
}
