import { formatPath, type ConfigFault, type Path } from './fault.ts';
import type { Files } from '../files.ts';
import { fieldOf, itemsOf } from '../json.ts';
import { isObject } from '../../protocol/json-value.ts';

/** A key pair of the input, not validated, and its path. */
interface GivenPair {
  readonly pair: unknown;
  readonly path: Path;
}

/** All key pairs of all apps: for each app the first pair, then the others. */
export function pairsOf(input: unknown): readonly GivenPair[] {
  return itemsOf(fieldOf(input, 'apps')).flatMap((app, index) => [
    { pair: app, path: ['apps', index] },
    ...itemsOf(fieldOf(app, 'otherKeys')).map((pair, other) => ({
      pair,
      path: ['apps', index, 'otherKeys', other],
    })),
  ]);
}

/** Checks that every pair has exactly one secret: in the configuration, or in a separate file. */
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

/** Reads every secret in a separate file, and reports each file without a usable one. */
export function secretFileFaults(input: unknown, files: Files): readonly ConfigFault[] {
  return pairsOf(input).flatMap(({ pair, path }) => {
    const name = fieldOf(pair, 'secretFile');
    // A value that is not a file name, or that is given together with a secret, has already been reported.
    if (typeof name !== 'string' || name === '' || fieldOf(pair, 'secret') !== undefined) return [];
    const secret = readSecret(name, files);
    if (secret.kind === 'read') return [];
    const message = `${files.quote(name)} ${secret.reason}`;
    return [{ path: formatPath([...path, 'secretFile']), message }];
  });
}

/** Returns the secret of a pair without faults. */
export function readSecretOf(
  pair: { readonly secret?: string | undefined; readonly secretFile?: string | undefined },
  files: Files,
): string {
  if (pair.secret !== undefined) return pair.secret;
  const secret = readSecret(pair.secretFile ?? '', files);
  if (secret.kind === 'faulty') throw new Error('a pair without a secret was taken for faultless');
  return secret.text;
}

/** Returns the secret in a file: its content without a byte order mark and trailing line breaks. */
export function readSecret(name: string, files: Files): ReturnType<Files['read']> {
  const content = files.read(name);
  if (content.kind === 'faulty') return content;
  const text = content.text.replace(/^\ufeff/, '').replace(/[\r\n]+$/, '');
  if (text === '') return { kind: 'faulty', reason: 'is empty; expected a secret' };
  if (text.includes('\ufffd')) return { kind: 'faulty', reason: 'is not UTF-8; expected a secret' };
  return { kind: 'read', text };
}
