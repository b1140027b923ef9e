/** One POST, complete: the same bytes and the same headers on every attempt but for the attempt's number. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A POST of a delivery: to which endpoint of which app it goes is not part of what is sent. */
export interface WebhookRequest extends Post {
  readonly appId: string;
  readonly endpointId: string;
}

/** What came of one attempt. A failure is an outcome, not an exception. */
export type Outcome =
  /** The endpoint answered; only 2xx is success. Redirects are not followed. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  /** No complete answer within the time-out. */
  | { readonly kind: 'timeout' }
  /** No answer at all: refused, reset, unresolvable, TLS. `code` is the system's word for it. */
  | { readonly kind: 'unreachable'; readonly code: string };

/** Makes one attempt to deliver. */
export interface WebhookSender {
  /** Resolves with what came of it, at the latest `timeoutMs` from now. Never rejects. */
  send(request: WebhookRequest, timeoutMs: number): Promise<Outcome>;
  /** Closes kept connections. Attempts in flight end as unreachable. */
  close(): Promise<void>;
}

/** A sender for which it does not matter whose the POSTs are. */
export interface PostSender extends WebhookSender {
  send(post: Post, timeoutMs: number): Promise<Outcome>;
}
