import * as field from './fields.ts';

/** The redis block of a file. redis.ts checks the relations between its keys. */
export const redis = field
  .groupLike('{ "url": "redis://127.0.0.1:6379" }', {
    url: field
      .redisUrl()
      .optional()
      .describe('The URL of one server: redis://user:password@host:6379/0, or rediss:// for TLS.'),
    urlFile: field
      .nonEmptyText()
      .optional()
      .describe('A file that contains the URL, relative to the configuration file. Replaces url.'),
    sentinel: field
      .group({
        name: field.nonEmptyText().describe('The name of the master at the sentinels.'),
        urls: field
          .listOf(field.redisUrl())
          .min(1, { error: 'expected at least one URL' })
          .describe('The URLs of the sentinels.'),
        url: field
          .redisUrl()
          .optional()
          .describe(
            'A URL with the user, password, database and TLS of the servers. Its host and port are ignored.',
          ),
      })
      .optional()
      .describe('Connect to the master that Redis Sentinel names. Replaces url.'),
    cluster: field
      .listOf(field.redisUrl())
      .min(1, { error: 'expected at least one URL' })
      .optional()
      .describe(
        'The URLs of some nodes of a Redis Cluster; the other nodes are discovered. User, password and TLS come from the first URL. Replaces url.',
      ),
    keyPrefix: field
      .keyPrefix()
      .default('soketify:')
      .describe('The prefix of all keys and topics. Nodes with different prefixes do not see each other.'),
    leaseMs: field
      .wholeNumber(1000, 600_000)
      .default(10_000)
      .describe(
        'A node that sends no heartbeat for this long counts as dead, and its clients as disconnected.',
      ),
    tls: field
      .group({
        caFile: field
          .nonEmptyText()
          .optional()
          .describe(
            'The certificate authorities to trust in PEM format, relative to the configuration file.',
          ),
        certFile: field.nonEmptyText().optional().describe('The client certificate in PEM format.'),
        keyFile: field
          .nonEmptyText()
          .optional()
          .describe('The private key of the client certificate in PEM format.'),
        servername: field
          .nonEmptyText()
          .optional()
          .describe('The name that the certificate of Redis must have.'),
        rejectUnauthorized: field
          .flag()
          .default(true)
          .describe('Whether the certificate of Redis is verified.'),
      })
      .optional()
      .describe('TLS options for rediss:// URLs.'),
  })
  .meta({
    oneOf: [
      { required: ['url'] },
      { required: ['urlFile'] },
      { required: ['sentinel'] },
      { required: ['cluster'] },
    ],
  });

/** Where Redis is, and how it is used. */
export interface RedisConfig {
  readonly connection:
    | { readonly kind: 'single'; readonly url: string }
    | {
        readonly kind: 'sentinel';
        readonly name: string;
        readonly urls: readonly string[];
        readonly url?: string | undefined;
      }
    | { readonly kind: 'cluster'; readonly urls: readonly string[] };
  readonly keyPrefix: string;
  readonly leaseMs: number;
  readonly tls: RedisTlsConfig | undefined;
}

/** Additional options of TLS connections to Redis; certificates in PEM format. */
export interface RedisTlsConfig {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}
