import * as v from 'valibot';
import * as field from './fields.ts';

/** The redis block of a file. redis.ts checks the relations between its keys. */
export const redis = v.pipe(
  field.groupLike('{ "url": "redis://127.0.0.1:6379" }', {
    url: field.optional(
      field.redisUrl(),
      'The URL of one server: redis://user:password@host:6379/0, or rediss:// for TLS.',
    ),
    urlFile: field.optional(
      field.nonEmptyText(),
      'A file that contains the URL, relative to the configuration file. Replaces url.',
    ),
    sentinel: field.optional(
      field.group({
        name: field.required(field.nonEmptyText(), 'The name of the master at the sentinels.'),
        urls: field.required(field.nonEmptyListOf(field.redisUrl(), 'one URL'), 'The URLs of the sentinels.'),
        url: field.optional(
          field.redisUrl(),
          'A URL with the user, password, database and TLS of the servers. Its host and port are ignored.',
        ),
      }),
      'Connect to the master that Redis Sentinel names. Replaces url.',
    ),
    cluster: field.optional(
      field.nonEmptyListOf(field.redisUrl(), 'one URL'),
      'The URLs of some nodes of a Redis Cluster; the other nodes are discovered. User, password and TLS come from the first URL. Replaces url.',
    ),
    keyPrefix: field.withDefault(
      field.keyPrefix(),
      'soketify:',
      'The prefix of all keys and topics. Nodes with different prefixes do not see each other.',
    ),
    leaseMs: field.withDefault(
      field.wholeNumber(1000, 600_000),
      10_000,
      'A node that sends no heartbeat for this long counts as dead, and its clients as disconnected.',
    ),
    tls: field.optional(
      field.group({
        caFile: field.optional(
          field.nonEmptyText(),
          'The certificate authorities to trust in PEM format, relative to the configuration file.',
        ),
        certFile: field.optional(field.nonEmptyText(), 'The client certificate in PEM format.'),
        keyFile: field.optional(
          field.nonEmptyText(),
          'The private key of the client certificate in PEM format.',
        ),
        servername: field.optional(field.nonEmptyText(), 'The name that the certificate of Redis must have.'),
        rejectUnauthorized: field.withDefault(
          field.flag(),
          true,
          'Whether the certificate of Redis is verified.',
        ),
      }),
      'TLS options for rediss:// URLs.',
    ),
  }),
  v.metadata({
    oneOf: [
      { required: ['url'] },
      { required: ['urlFile'] },
      { required: ['sentinel'] },
      { required: ['cluster'] },
    ],
  }),
);

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
