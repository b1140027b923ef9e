/** What is known of a client when it connects. */
export interface Greeting {
  readonly key: string;
  /** The parameter `protocol` of the query, if there is one. */
  readonly protocol: string | undefined;
  /** The origin of the connecting page, if it is one: the `Origin` header. */
  readonly origin: string | undefined;
  /** Whether the client's data is encrypted, up to this server or to a trusted proxy. */
  readonly isSecure: boolean;
  /** The client's address, as far as trusted proxies report it. */
  readonly remoteAddress: string;
}
