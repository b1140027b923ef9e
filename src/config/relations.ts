import { BlockList, isIP } from 'node:net';
import { variables } from './environment.ts';
import { describeValue, formatPath, quote, type ConfigFault } from './fault.ts';
import { fieldOf, isObject, itemsOf } from './json.ts';

type Path = readonly (string | number)[];

/**
 * The rules between keys: what must be unique, and what production demands. They read the input as it was
 * given, so that they are reported together with what the schema refuses.
 */
export function relationFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const apps = itemsOf(fieldOf(input, 'apps'));
  return [
    ...repeated(apps, ['apps'], 'id', 'app ids must be unique'),
    ...repeated(apps, ['apps'], 'key', 'app keys must be unique'),
    ...apps.flatMap((app, index) => appFaults(app, ['apps', index, 'webhooks'], production)),
  ];
}

function appFaults(app: unknown, path: Path, production: boolean): readonly ConfigFault[] {
  const webhooks = itemsOf(fieldOf(app, 'webhooks'));
  return [
    ...repeated(webhooks, path, 'id', 'webhook ids must be unique in an app'),
    ...webhooks.flatMap((webhook, index) => [
      ...repeatedHeaders(fieldOf(webhook, 'headers'), [...path, index, 'headers']),
      ...(production ? insecure(webhook, [...path, index, 'url']) : []),
    ]),
  ];
}

/** A fault for each item whose `key` has the value of an earlier item's. */
function repeated(items: readonly unknown[], path: Path, key: string, rule: string): readonly ConfigFault[] {
  const first = new Map<string, number>();
  const faults: ConfigFault[] = [];
  for (const [index, item] of items.entries()) {
    const value = fieldOf(item, key);
    if (typeof value !== 'string') continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else {
      const earlierPath = formatPath([...path, earlier, key]);
      faults.push({
        path: formatPath([...path, index, key]),
        message: `${quote(value)} is also ${earlierPath}; ${rule}`,
      });
    }
  }
  return faults;
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
        message: `is also given as ${quote(earlier)}; header names do not differ by case`,
      });
    }
  }
  return faults;
}

/** Soketify webhooks: "your endpoint URL (must be HTTPS in production)". */
function insecure(webhook: unknown, path: Path): readonly ConfigFault[] {
  const url = fieldOf(webhook, 'url');
  if (typeof url !== 'string' || !/^http:/i.test(url) || fieldOf(webhook, 'allowInsecure') === true)
    return [];
  const got = describeValue(url, path);
  const message = `must be HTTPS in production, got ${got}; use https://, or say "allowInsecure": true in the file`;
  return [{ path: formatPath(path), message }];
}

/** The app that everybody knows must not be reachable by everybody. */
export function defaultSecretFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const host = fieldOf(input, 'host') ?? '127.0.0.1';
  // A host of another type is a fault already.
  if (typeof host !== 'string' || (isLoopback(host) && !production)) return [];
  const where = production ? 'when NODE_ENV is production' : `on the host ${quote(host)}`;
  return [
    {
      path: variables.appSecret,
      message:
        `missing; the default app, whose secret everybody knows, is not served ${where}. ` +
        `Set ${variables.appSecret}, or give a configuration file with "apps"` +
        (production ? '' : ', or listen on 127.0.0.1'),
    },
  ];
}

/** Whether only this machine reaches a host. What cannot be told without asking the network is not loopback. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
