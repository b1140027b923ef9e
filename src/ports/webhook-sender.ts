/** A complete POST. Every attempt has the same bytes and the same headers, except for the number of the attempt. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Whether it may go only to the public internet. The address that the connection uses is checked. */
  readonly publicOnly?: boolean;
}

/** A POST of a delivery. The ids of app and endpoint are not part of what is sent. */
export interface WebhookRequest extends Post {
  readonly appId: string;
  readonly endpointId: string;
}

/** The outcome of one attempt. A failure is an outcome, not an exception. */
export type Outcome =
  /** The endpoint sent its final status line in time. Only 2xx is success. Redirects are not followed. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Header fields that show what answered and why, by lower-case name; the beginning of each. Absent if there are none. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly retryAfterMs?: number;
      /** The target of a redirect. */
      readonly location?: string;
      /** The beginning of the response body, up to 4 KB, as far as it arrived soon, decoded as UTF-8; absent if nothing did. */
      readonly body?: string;
    }
  /** There was no final status line within the time-out. */
  | { readonly kind: 'timeout' }
  /**
   * There was no response: refused, reset, unresolvable, TLS. `code` is the system's error code; `DNS_...` if no name server
   * could be asked, `ADDRESS_NOT_PUBLIC` if the POST may not go to that address.
   */
  | { readonly kind: 'unreachable'; readonly code: string };

/** Makes one delivery attempt. */
export interface WebhookSender {
  /** Resolves with the outcome, at the latest after `timeoutMs`. Never rejects. */
  send(request: WebhookRequest, timeoutMs: number): Promise<Outcome>;
  /** Closes all connections. Attempts in progress without a status line end as unreachable. */
  close(): Promise<void>;
}

/** A sender for POSTs of any kind. */
export interface PostSender extends WebhookSender {
  send(post: Post, timeoutMs: number): Promise<Outcome>;
}
