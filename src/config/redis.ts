import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import * as v from 'valibot';
import { formatPath, type ConfigFault, type Path } from './checks/fault.ts';
import * as field from './schema/fields.ts';
import { codeOf, type Files } from './files.ts';
import { fieldOf } from './json.ts';
import { isObject } from '../protocol/json-value.ts';
import type { RedisConfig, RedisTlsConfig } from './schema/redis-schema.ts';
import type { ParsedConfig } from './schema/schema.ts';

type ParsedRedis = NonNullable<ParsedConfig['redis']>;

/** The keys that can locate Redis. */
const places = ['url', 'urlFile', 'sentinel', 'cluster'] as const;

/** Returns the faults of the redis block that the schema does not find. */
export function redisFaults(input: unknown, files: Files): readonly ConfigFault[] {
  const redis = fieldOf(input, 'redis');
  if (!isObject(redis)) return [];
  return [
    ...placeFaults(redis),
    ...databaseFaults(redis),
    ...urlFileFaults(redis, files),
    ...tlsFaults(redis, files),
  ];
}

/** Resolves a redis block without faults. */
export function resolveRedis(redis: ParsedRedis | undefined, files: Files): RedisConfig | undefined {
  if (redis === undefined) return undefined;
  const { keyPrefix, leaseMs, tls } = redis;
  return { connection: connectionOf(redis, files), keyPrefix, leaseMs, tls: tls && resolveTls(tls, files) };
}

function connectionOf(
  { url, urlFile, sentinel, cluster }: ParsedRedis,
  files: Files,
): RedisConfig['connection'] {
  if (sentinel !== undefined) return { kind: 'sentinel', ...sentinel };
  if (cluster !== undefined) return { kind: 'cluster', urls: cluster };
  return { kind: 'single', url: url ?? textOf(urlFile ?? '', files) };
}

function resolveTls(tls: NonNullable<ParsedRedis['tls']>, files: Files): RedisTlsConfig {
  const { caFile, certFile, keyFile, servername, rejectUnauthorized } = tls;
  return {
    rejectUnauthorized,
    ...(servername !== undefined && { servername }),
    ...(caFile !== undefined && { ca: textOf(caFile, files) }),
    ...(certFile !== undefined && { cert: textOf(certFile, files) }),
    ...(keyFile !== undefined && { key: textOf(keyFile, files) }),
  };
}

function textOf(name: string, files: Files): string {
  const content = files.read(name);
  if (content.kind === 'faulty') throw new Error('a file that cannot be read was taken for faultless');
  return content.text.trim();
}

function placeFaults(redis: object): readonly ConfigFault[] {
  const given = places.filter((place) => fieldOf(redis, place) !== undefined);
  const [first, second] = given;
  if (first === undefined) {
    return [
      {
        path: 'redis',
        message: `does not contain the address of Redis; expected one of ${places.join(', ')}`,
      },
    ];
  }
  if (second === undefined) return [];
  return [
    {
      path: `redis.${second}`,
      message: `is given together with ${first}; give only one of ${places.join(', ')}`,
    },
  ];
}

/** A cluster has only one database. */
function databaseFaults(redis: object): readonly ConfigFault[] {
  const urls = fieldOf(redis, 'cluster');
  if (!Array.isArray(urls)) return [];
  return urls.flatMap((url: unknown, index) => {
    if (typeof url !== 'string' || !URL.canParse(url) || Number(new URL(url).pathname.slice(1)) === 0)
      return [];
    const path = formatPath(['redis', 'cluster', index]);
    return [{ path, message: 'names a database; a Redis Cluster has only one' }];
  });
}

function urlFileFaults(redis: object, files: Files): readonly ConfigFault[] {
  const name = fieldOf(redis, 'urlFile');
  if (typeof name !== 'string' || name === '' || fieldOf(redis, 'url') !== undefined) return [];
  const faulty = (reason: string): readonly ConfigFault[] => [
    { path: 'redis.urlFile', message: `${files.quote(name)} ${reason}` },
  ];
  const content = files.read(name);
  if (content.kind === 'faulty') return faulty(content.reason);
  if (v.is(field.redisUrl(), content.text.trim())) return [];
  return faulty('contains no URL such as redis://host:6379, or rediss://user:password@host:6380/2');
}

function tlsFaults(redis: object, files: Files): readonly ConfigFault[] {
  const tls = fieldOf(redis, 'tls');
  if (!isObject(tls)) return [];
  const faults: ConfigFault[] = [];
  const read = (key: string): string | undefined => {
    const name = fieldOf(tls, key);
    if (typeof name !== 'string' || name === '') return undefined;
    const content = files.read(name);
    if (content.kind === 'read') return content.text;
    faults.push({ path: pathOf(key), message: `${files.quote(name)} ${content.reason}` });
    return undefined;
  };
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')];
  const has = (name: string): boolean => fieldOf(tls, name) !== undefined;
  if (has('certFile') !== has('keyFile')) {
    const missing = has('certFile') ? 'keyFile' : 'certFile';
    faults.push({ path: pathOf(missing), message: 'missing; give both a certificate and its key' });
  }
  if (faults.length > 0) return faults;
  try {
    // TLS would silently ignore an invalid authority.
    if (ca !== undefined) void new X509Certificate(ca).subject;
    createSecureContext({ ca, cert, key });
    return [];
  } catch (error) {
    return [{ path: 'redis.tls', message: `the files cannot be used (${codeOf(error)}); expected PEM` }];
  }
}

function pathOf(key: string): string {
  const path: Path = ['redis', 'tls', key];
  return formatPath(path);
}
