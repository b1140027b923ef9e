import * as field from './fields.ts';

/** The redis block as a file may hold it. Relations between its keys are checked by redis.ts. */
export const redis = field
  .group({
    url: field.redisUrl().optional().describe('One server.'),
    urlFile: field
      .nonEmptyText()
      .optional()
      .describe('Instead of url: the file that holds it, relative to this one.'),
    sentinel: field
      .group({
        name: field.nonEmptyText().describe('What the sentinels call the master.'),
        urls: field
          .listOf(field.redisUrl())
          .min(1, { error: 'expected at least one URL' })
          .describe('The sentinels.'),
        url: field
          .redisUrl()
          .optional()
          .describe('User, password, database and TLS of the servers; host and port are not read.'),
      })
      .optional()
      .describe('The master that sentinels name.'),
    cluster: field
      .listOf(field.redisUrl())
      .min(1, { error: 'expected at least one URL' })
      .optional()
      .describe(
        'Some servers of a cluster; the others are found. User, password and TLS are those of the first.',
      ),
    keyPrefix: field.keyPrefix().default('soketify:').describe('Before the names of all keys and topics.'),
    leaseMs: field
      .wholeNumber(1000, 600_000)
      .default(10_000)
      .describe('A node that was not heard of for so long is taken for dead.'),
    tls: field
      .group({
        caFile: field
          .nonEmptyText()
          .optional()
          .describe('The authorities to trust, PEM, relative to this file.'),
        certFile: field.nonEmptyText().optional().describe('The certificate of this client, PEM.'),
        keyFile: field.nonEmptyText().optional().describe('Its private key, PEM.'),
        servername: field
          .nonEmptyText()
          .optional()
          .describe('The name that the certificate of Redis must have.'),
        rejectUnauthorized: field.flag().default(true).describe('Whether that certificate is checked.'),
      })
      .optional()
      .describe('For rediss://, what is not as usual.'),
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

/** What TLS connections to Redis need beyond what is usual; certificates as PEM. */
export interface RedisTlsConfig {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}
