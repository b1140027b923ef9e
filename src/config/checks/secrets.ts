import { formatPath, type ConfigFault, type Path } from './fault.ts';
import type { Files } from '../files.ts';
import { fieldOf, isObject, itemsOf } from '../json.ts';

/** A key pair as it was given, and where; nothing of it is validated. */
interface GivenPair {
  readonly pair: unknown;
  readonly path: Path;
}

/** All pairs of all apps: an app's first, then its others. */
export function pairsOf(input: unknown): readonly GivenPair[] {
  return itemsOf(fieldOf(input, 'apps')).flatMap((app, index) => [
    { pair: app, path: ['apps', index] },
    ...itemsOf(fieldOf(app, 'otherKeys')).map((pair, other) => ({
      pair,
      path: ['apps', index, 'otherKeys', other],
    })),
  ]);
}

/** Every pair has one secret: said in the configuration, or in a file of its own. */
export function secretFaults(input: unknown): readonly ConfigFault[] {
  return pairsOf(input).flatMap(({ pair, path }) => {
    if (!isObject(pair)) return [];
    const isSaid = fieldOf(pair, 'secret') !== undefined;
    const isInFile = fieldOf(pair, 'secretFile') !== undefined;
    if (isSaid && isInFile) {
      const message = 'is given together with secret; give only one of them';
      return [{ path: formatPath([...path, 'secretFile']), message }];
    }
    if (isSaid || isInFile) return [];
    const message = 'missing; expected a non-empty string, or secretFile';
    return [{ path: formatPath([...path, 'secret']), message }];
  });
}

/** Reads every secret that stands in a file, and reports each file that gives none. */
export function secretFileFaults(input: unknown, files: Files): readonly ConfigFault[] {
  return pairsOf(input).flatMap(({ pair, path }) => {
    const name = fieldOf(pair, 'secretFile');
    // What is no name of a file, or is beside a secret, is a fault already.
    if (typeof name !== 'string' || name === '' || fieldOf(pair, 'secret') !== undefined) return [];
    const secret = readSecret(name, files);
    if (secret.kind === 'read') return [];
    const message = `${files.quote(name)} ${secret.reason}`;
    return [{ path: formatPath([...path, 'secretFile']), message }];
  });
}

/** The secret of a pair that has no fault. */
export function readSecretOf(
  pair: { readonly secret?: string | undefined; readonly secretFile?: string | undefined },
  files: Files,
): string {
  if (pair.secret !== undefined) return pair.secret;
  const secret = readSecret(pair.secretFile ?? '', files);
  if (secret.kind === 'faulty') throw new Error('a pair without a secret was taken for faultless');
  return secret.text;
}

/** The secret in a file: all of it, but for line breaks at its end and a byte order mark. */
export function readSecret(name: string, files: Files): ReturnType<Files['read']> {
  const content = files.read(name);
  if (content.kind === 'faulty') return content;
  const text = content.text.replace(/^\ufeff/, '').replace(/[\r\n]+$/, '');
  if (text === '') return { kind: 'faulty', reason: 'is empty; expected a secret' };
  if (text.includes('\ufffd')) return { kind: 'faulty', reason: 'is not UTF-8; expected a secret' };
  return { kind: 'read', text };
}
