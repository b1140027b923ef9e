import { defaultApp } from '../default-app.ts';
import { formatPath, type Path } from './fault.ts';
import type { Files } from '../files.ts';
import { isLoopback } from '../hosts.ts';
import { fieldOf, itemsOf } from '../json.ts';
import { isObject } from '../../protocol/json-value.ts';
import type { Config } from '../schema/schema.ts';
import { pairsOf } from './secrets.ts';

/** The permission to read a file for users who are neither the owner nor in the group. */
const readableByOthers = 0o004;

/** A random secret of 16 characters cannot be guessed from what it has signed. */
const leastSecretCharacters = 16;

/**
 * Returns a warning if every user of the machine may read the configuration file and it contains secrets. A secret in another file
 * (`secretFile`) does not count, nor does the public secret of the default app.
 */
export function readableSecrets(content: unknown, name: string, files: Files): readonly string[] {
  const mode = files.modeOf(name);
  if (mode === undefined || (mode & readableByOthers) === 0) return [];
  const [first, ...others] = secretsIn(content);
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [
    `the configuration file ${files.quote(name)} is readable by every user of this machine (mode ${(mode & 0o777).toString(8)}) and contains secrets: ` +
      `${formatPath(first)}${more}. Remove that permission (chmod o-r), or keep secrets elsewhere (secretFile, environment variables)`,
  ];
}

/** Returns a warning for each short secret of an app, if other machines can reach the server. */
export function shortSecrets({ host, apps }: Config): readonly string[] {
  if (isLoopback(host)) return [];
  return apps.flatMap((app, index) =>
    [app, ...app.otherKeys].flatMap(({ secret }, place) => {
      if (secret.length >= leastSecretCharacters || secret === defaultApp.secret) return [];
      const path = formatPath(['apps', index, ...(place === 0 ? [] : ['otherKeys', place - 1]), 'secret']);
      return [
        `${path}: has ${secret.length} characters, and can be guessed from what it has signed; expected at least ${leastSecretCharacters}, such as the output of "openssl rand -hex 32"`,
      ];
    }),
  );
}

/** Returns the paths of the secrets in the content of a file that is not validated yet. */
function secretsIn(content: unknown): readonly Path[] {
  const redis = fieldOf(content, 'redis');
  const sentinel = fieldOf(redis, 'sentinel');
  const dashboard = fieldOf(content, 'dashboard');
  const places: readonly { readonly value: unknown; readonly path: Path }[] = [
    ...pairsOf(content).map(({ pair, path }) => ({
      value: fieldOf(pair, 'secret'),
      path: [...path, 'secret'],
    })),
    { value: fieldOf(fieldOf(content, 'control'), 'token'), path: ['control', 'token'] },
    ...['token', 'viewToken'].map((key) => ({ value: fieldOf(dashboard, key), path: ['dashboard', key] })),
    { value: fieldOf(fieldOf(content, 'tls'), 'passphrase'), path: ['tls', 'passphrase'] },
    ...itemsOf(fieldOf(content, 'apps')).flatMap((app, index) =>
      itemsOf(fieldOf(app, 'webhooks')).flatMap((webhook, place) =>
        secretHeaders(fieldOf(webhook, 'headers')).map(([name, value]) => ({
          value,
          path: ['apps', index, 'webhooks', place, 'headers', name],
        })),
      ),
    ),
    { value: passwordOf(fieldOf(redis, 'url')), path: ['redis', 'url'] },
    ...itemsOf(fieldOf(redis, 'cluster')).map((url, index) => ({
      value: passwordOf(url),
      path: ['redis', 'cluster', index],
    })),
    { value: passwordOf(fieldOf(sentinel, 'url')), path: ['redis', 'sentinel', 'url'] },
    ...itemsOf(fieldOf(sentinel, 'urls')).map((url, index) => ({
      value: passwordOf(url),
      path: ['redis', 'sentinel', 'urls', index],
    })),
  ];
  return places
    .filter(({ value }) => typeof value === 'string' && value !== '' && value !== defaultApp.secret)
    .map(({ path }) => path);
}

/** Returns the headers that usually authenticate the sender to an endpoint. */
function secretHeaders(headers: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (!isObject(headers)) return [];
  return Object.entries(headers).filter(([name]) => holdsSecret(name));
}

/** Whether a header with this name usually contains a secret. */
export function holdsSecret(header: string): boolean {
  return /authorization|cookie|token|secret|key/i.test(header);
}

function passwordOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).password : '';
}
