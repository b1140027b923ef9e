/** One POST, complete: the same bytes and the same headers on every attempt but for the attempt's number. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** It must go to the public internet, whatever the URL's name means: the address that is connected to is checked. */
  readonly publicOnly?: boolean;
}

/** A POST of a delivery: to which endpoint of which app it goes is not part of what is sent. */
export interface WebhookRequest extends Post {
  readonly appId: string;
  readonly endpointId: string;
}

/** What came of one attempt. A failure is an outcome, not an exception. */
export type Outcome =
  /** The endpoint answered, with its final status line in time; only 2xx is success. Redirects are not followed. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Header fields that tell who answered and why, by their names in lower case; the beginning of each; absent if none came. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly retryAfterMs?: number;
      /** Where a redirect points. */
      readonly location?: string;
      /** The beginning of the answer's body, up to 4 KB, as far as it came soon; absent if nothing did. Read as UTF-8. */
      readonly body?: string;
    }
  /** No status line within the time-out, or an interim one (1xx) at most. */
  | { readonly kind: 'timeout' }
  /**
   * No answer at all: refused, reset, unresolvable, TLS. `code` is the system's word for it; `DNS_...` if no name server could
   * be asked, `ADDRESS_NOT_PUBLIC` if the POST may go to no such address.
   */
  | { readonly kind: 'unreachable'; readonly code: string };

/** Makes one attempt to deliver. */
export interface WebhookSender {
  /** Resolves with what came of it, at the latest `timeoutMs` from now. Never rejects. */
  send(request: WebhookRequest, timeoutMs: number): Promise<Outcome>;
  /** Closes all connections. Attempts in flight that have no status yet end as unreachable. */
  close(): Promise<void>;
}

/** A sender for which it does not matter whose the POSTs are. */
export interface PostSender extends WebhookSender {
  send(post: Post, timeoutMs: number): Promise<Outcome>;
}
