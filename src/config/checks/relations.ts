import { variables } from '../environment.ts';
import { describeValue, formatPath, quote, type ConfigFault, type Path } from './fault.ts';
import { fieldOf, itemsOf } from '../json.ts';
import { isObject } from '../../protocol/json-value.ts';
import { defaultHost, defaultPort, isLoopback } from '../hosts.ts';
import { controlFaults } from '../schema/control.ts';
import { pairsOf, secretFaults } from './secrets.ts';

/**
 * Checks the rules between keys: what must be unique, what excludes each other, and what production requires. It reads the
 * unvalidated input, so that these faults are reported together with those of the schema.
 */
export function relationFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const apps = itemsOf(fieldOf(input, 'apps'));
  return [
    ...repeated(fieldsOf(apps, ['apps'], 'id'), 'app ids must be unique'),
    ...repeated(
      pairsOf(input).map(({ pair, path }) => ({ value: fieldOf(pair, 'key'), path: [...path, 'key'] })),
      'app keys must be unique',
    ),
    ...secretFaults(input),
    ...samePort(input),
    ...controlFaults(input, production),
    ...storeFaults(input),
    ...workerFaults(input),
    ...apps.flatMap((app, index) => appFaults(app, ['apps', index, 'webhooks'], production)),
  ];
}

function appFaults(app: unknown, path: Path, production: boolean): readonly ConfigFault[] {
  const webhooks = itemsOf(fieldOf(app, 'webhooks'));
  return [
    ...repeated(fieldsOf(webhooks, path, 'id'), 'webhook ids must be unique in an app'),
    ...webhooks.flatMap((webhook, index) => [
      ...repeatedHeaders(fieldOf(webhook, 'headers'), [...path, index, 'headers']),
      ...(production ? insecure(webhook, [...path, index, 'url']) : []),
    ]),
  ];
}

interface Field {
  readonly value: unknown;
  readonly path: Path;
}

/** Returns the same field of each item of a list. */
function fieldsOf(items: readonly unknown[], path: Path, key: string): readonly Field[] {
  return items.map((item, index) => ({ value: fieldOf(item, key), path: [...path, index, key] }));
}

/** Returns a fault for each field with the value of an earlier one. */
function repeated(fields: readonly Field[], rule: string): readonly ConfigFault[] {
  const first = new Map<string, Path>();
  const faults: ConfigFault[] = [];
  for (const { value, path } of fields) {
    if (typeof value !== 'string') continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    else {
      const message = `${quote(value)} is also ${formatPath(earlier)}; ${rule}`;
      faults.push({ path: formatPath(path), message });
    }
  }
  return faults;
}

/** Worker threads share a port and the state, which some features do not support. */
function workerFaults(input: unknown): readonly ConfigFault[] {
  const workers = fieldOf(input, 'workers');
  if (typeof workers !== 'number' || workers < 2) return [];
  const faults: ConfigFault[] = [];
  const refuse = (why: string): void =>
    void faults.push({ path: 'workers', message: `${workers} cannot be used ${why}` });
  const control = fieldOf(input, 'control');
  if (control !== undefined && control !== false)
    refuse(
      'with control, because a test that moves the clock needs everything on one thread. Leave workers out',
    );
  if (process.platform !== 'linux')
    refuse(
      'on this system, because only Linux distributes the connections to one port over threads. Leave workers out',
    );
  return faults;
}

/** A store excludes Redis, which already holds the state, and control, which moves the clock. */
function storeFaults(input: unknown): readonly ConfigFault[] {
  if (fieldOf(input, 'store') === undefined) return [];
  const faults: ConfigFault[] = [];
  if (fieldOf(input, 'redis') !== undefined) {
    const message =
      'is given together with redis, which holds the state that nodes share; give only one of them';
    faults.push({ path: 'store', message });
  }
  const control = fieldOf(input, 'control');
  if (control !== undefined && control !== false) {
    const message =
      'cannot be combined with control, because tests that move the clock would falsify what is stored; set only one of them';
    faults.push({ path: 'store', message });
  }
  return faults;
}

function samePort(input: unknown): readonly ConfigFault[] {
  const metrics = fieldOf(input, 'metrics');
  const port = fieldOf(metrics, 'port');
  const host = fieldOf(input, 'host') ?? defaultHost;
  const isSameHost = (fieldOf(metrics, 'host') ?? host) === host;
  if (typeof port !== 'number' || port === 0 || !isSameHost) return [];
  if (port !== (fieldOf(input, 'port') ?? defaultPort)) return [];
  const message = `${port} is also the port of the server; give metrics another port, or 0 for a free one`;
  return [{ path: 'metrics.port', message }];
}

function repeatedHeaders(headers: unknown, path: Path): readonly ConfigFault[] {
  if (!isObject(headers)) return [];
  const first = new Map<string, string>();
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(headers)) {
    const earlier = first.get(name.toLowerCase());
    if (earlier === undefined) first.set(name.toLowerCase(), name);
    else {
      faults.push({
        path: formatPath([...path, name]),
        message: `is also given as ${quote(earlier)}; header names are case-insensitive`,
      });
    }
  }
  return faults;
}

/** The documentation of Soketify requires: "your endpoint URL (must be HTTPS in production)". */
function insecure(webhook: unknown, path: Path): readonly ConfigFault[] {
  const url = fieldOf(webhook, 'url');
  if (typeof url !== 'string' || !/^http:/i.test(url) || fieldOf(webhook, 'allowInsecure') === true)
    return [];
  const got = describeValue(url, path);
  const message = `must be HTTPS in production, got ${got}; use https://, or set "allowInsecure": true in the file`;
  return [{ path: formatPath(path), message }];
}

/** The default app, whose secret is public, must not be reachable from other machines. */
export function defaultSecretFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const host = fieldOf(input, 'host') ?? defaultHost;
  // The schema has already reported a host of another type.
  if (typeof host !== 'string' || (isLoopback(host) && !production)) return [];
  const where = production ? 'when NODE_ENV is production' : `on the host ${quote(host)}`;
  return [
    {
      path: variables.appSecret,
      message:
        `missing; the default app, whose secret is public, is not served ${where}. ` +
        `Set ${variables.appSecret}, or give a configuration file with "apps"` +
        (production ? '' : ', or listen on 127.0.0.1'),
    },
  ];
}
