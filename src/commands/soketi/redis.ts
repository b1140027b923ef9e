import { fieldOf, type JsonObject } from '../../config/json.ts';
import type { Given } from './given.ts';
import { isOn, numberOf, objectsOf, textOf, type Note } from './values.ts';

/** The address and credentials of soketi's Redis. */
interface Access {
  readonly user: string;
  readonly password: string;
  readonly database: unknown;
}

/** The Redis that several nodes share; undefined for a single node. */
export function convertRedis(given: Given, note: Note): JsonObject | undefined {
  const driver = textOf(given.take('adapter.driver')) ?? 'local';
  if (driver === 'cluster') {
    note('adapter.driver: nodes do not discover each other; use workers for several cores, or redis');
  } else if (driver === 'nats') {
    note('adapter.driver: nodes share their state only through Redis; set redis');
  } else if (driver !== 'local' && driver !== 'redis') {
    note(`adapter.driver: soketi 1.6 has no adapter ${driver}`);
  }
  if (driver !== 'redis') return undefined;
  const isCluster = isOn('adapter.redis.clusterMode', given.take('adapter.redis.clusterMode'), note);
  const prefix = textOf(given.take('adapter.redis.prefix')) ?? textOf(given.take('database.redis.keyPrefix'));
  given.take('database.redis.keyPrefix');
  return { ...placeOf(given, isCluster), ...(prefix !== undefined && { keyPrefix: prefix }) };
}

function placeOf(given: Given, isCluster: boolean): JsonObject {
  const take = (name: string): unknown => given.take(`database.redis.${name}`);
  const access = {
    user: textOf(take('username')) ?? '',
    password: textOf(take('password')) ?? '',
    database: numberOf(take('db')) ?? 0,
  };
  const host = textOf(take('host')) ?? '127.0.0.1';
  const port = numberOf(take('port')) ?? 6379;
  const nodes = objectsOf(take('clusterNodes'));
  const sentinels = objectsOf(take('sentinels'));
  const name = textOf(take('name')) ?? 'mymaster';
  const sentinelPassword = textOf(take('sentinelPassword')) ?? '';
  if (isCluster && nodes.length > 0) {
    return { cluster: nodes.map((node) => urlOfNode(node, { ...access, database: 0 })) };
  }
  if (sentinels.length > 0) {
    const urls = sentinels.map((node) =>
      urlOfNode(node, { user: '', password: sentinelPassword, database: 0 }),
    );
    const isPlain = access.user === '' && access.password === '' && access.database === 0;
    return { sentinel: { name, urls, ...(!isPlain && { url: urlOf(host, port, access) }) } };
  }
  return { url: urlOf(host, port, access) };
}

function urlOfNode(node: JsonObject, access: Access): string {
  const host = textOf(fieldOf(node, 'host')) ?? '127.0.0.1';
  return urlOf(host, numberOf(fieldOf(node, 'port')) ?? 6379, access);
}

function urlOf(host: string, port: unknown, { user, password, database }: Access): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const login =
    user === '' && password === '' ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `redis://${login}${name}:${String(port)}${database === 0 ? '' : `/${String(database)}`}`;
}
