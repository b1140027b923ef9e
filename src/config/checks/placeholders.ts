import { formatPath, type ConfigFault, type Path } from './fault.ts';
import type { Files } from '../files.ts';
import { fieldOf, itemsOf } from '../json.ts';
import { isObject } from '../../protocol/json-value.ts';
import { pairsOf, readSecret } from './secrets.ts';

/** A value that the user must replace, and what is expected there. */
interface Place {
  readonly value: unknown;
  readonly path: Path;
  readonly wanted: string;
}

/** `REPLACE-ME`, `change_this` and similar, as separate words. */
const request = /(?<![a-z])(replace|change)[-_ ]?(me|this|it)(?![a-z])/i;

/** `your-secret`, `your_app_key`. */
const yours = /^your[-_]?(own[-_]?)?(app[-_]?|api[-_]?)?(secret|key|token|password|url)([-_]?here)?$/i;

/** `<secret>`, `{{ secret }}`, `${SECRET}`: values that the user or a template should have filled in. */
const bracketed = /^(<[^<>]+>|\{\{[^{}]+\}\}|\$\{[^{}]+\})$/;

/** Returns a fault for each key, secret and URL that is still the placeholder of a sample, with what is expected there. */
export function placeholderFaults(input: unknown, files: Files): readonly ConfigFault[] {
  return [...placesIn(input), ...secretFiles(input, files)]
    .filter(({ value }) => typeof value === 'string' && isPlaceholder(value))
    .map(({ path, wanted }) => ({
      path: formatPath(path),
      message: `is still a placeholder; expected ${wanted}`,
    }));
}

function isPlaceholder(value: string): boolean {
  return (
    request.test(value) ||
    bracketed.test(value) ||
    value.split(/\s+/).some((word) => yours.test(word)) ||
    // Checks the parts of a URL, and the text after "Bearer". A valid secret may contain such brackets in the middle.
    value.split(/[\s/?&=]+/).some((part) => bracketed.test(part))
  );
}

const aKey = 'the public key of the app, such as the output of "openssl rand -hex 10"';
const aSecret = 'a random secret, such as the output of "openssl rand -hex 32"';

const dashboardTokens = ['token', 'viewToken'];

function placesIn(input: unknown): readonly Place[] {
  return [
    ...pairsOf(input).flatMap(({ pair, path }) => [
      { value: fieldOf(pair, 'key'), path: [...path, 'key'], wanted: aKey },
      { value: fieldOf(pair, 'secret'), path: [...path, 'secret'], wanted: aSecret },
    ]),
    ...itemsOf(fieldOf(input, 'apps')).flatMap((app, index) =>
      itemsOf(fieldOf(app, 'webhooks')).flatMap((webhook, place) =>
        placesInWebhook(webhook, ['apps', index, 'webhooks', place]),
      ),
    ),
    ...redisUrls(fieldOf(input, 'redis')),
    {
      value: fieldOf(fieldOf(input, 'control'), 'token'),
      path: ['control', 'token'],
      wanted: aSecret,
    },
    ...dashboardTokens.map((key) => ({
      value: fieldOf(fieldOf(input, 'dashboard'), key),
      path: ['dashboard', key],
      wanted: aSecret,
    })),
    {
      value: fieldOf(fieldOf(input, 'tls'), 'passphrase'),
      path: ['tls', 'passphrase'],
      wanted: 'the passphrase of the private key',
    },
  ];
}

function redisUrls(redis: unknown): readonly Place[] {
  const sentinel = fieldOf(redis, 'sentinel');
  const lists = [
    { urls: [fieldOf(redis, 'url')], pathOf: () => ['redis', 'url'] },
    { urls: itemsOf(fieldOf(redis, 'cluster')), pathOf: (index: number) => ['redis', 'cluster', index] },
    { urls: [fieldOf(sentinel, 'url')], pathOf: () => ['redis', 'sentinel', 'url'] },
  ];
  return lists.flatMap(({ urls, pathOf }) =>
    urls.map((value, index) => ({ value, path: pathOf(index), wanted: 'the URL of your Redis' })),
  );
}

function placesInWebhook(webhook: unknown, path: Path): readonly Place[] {
  const headers = fieldOf(webhook, 'headers');
  return [
    { value: fieldOf(webhook, 'url'), path: [...path, 'url'], wanted: 'the URL of your endpoint' },
    ...Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => ({
      value,
      path: [...path, 'headers', name],
      wanted: 'the value that your endpoint expects',
    })),
  ];
}

function secretFiles(input: unknown, files: Files): readonly Place[] {
  const dashboard = fieldOf(input, 'dashboard');
  const places = [
    ...pairsOf(input).map(({ pair, path }) => ({ holder: pair, path, key: 'secret' })),
    ...dashboardTokens.map((key) => ({ holder: dashboard, path: ['dashboard'], key })),
  ];
  return places.flatMap(({ holder, path, key }) => {
    const name = fieldOf(holder, `${key}File`);
    if (typeof name !== 'string' || name === '' || fieldOf(holder, key) !== undefined) return [];
    const secret = readSecret(name, files);
    if (secret.kind === 'faulty') return [];
    const wanted = `${aSecret}, in the file ${files.quote(name)}`;
    return [{ value: secret.text, path: [...path, `${key}File`], wanted }];
  });
}
