import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { nativeChecksums, nativePackage } from './native-checksums.ts';

/** The environment variable that trusts another build than the recorded one: the SHA-256 of its binary, in hex. */
const trustVariable = 'SOKETIFY_NATIVE_SHA256';

/** Which native binary to check, and which one is trusted. Defaults: the one this process will load, and the recorded checksums. */
export interface NativeCheck {
  /** The path of the binary that will be loaded. */
  readonly file?: string;
  /** The recorded checksums, by file name. */
  readonly checksums?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Why the native binary must not be loaded, as one sentence that states what to do. Undefined if it is the recorded one or the
 * one in the environment, or if there is none, because loading gives a better explanation then. A review cannot read the code
 * in a binary. This check detects a package that was altered in transit, or another version.
 */
export function nativeFault({
  file = nativeFile(),
  checksums = nativeChecksums,
  env = process.env,
}: NativeCheck = {}): string | undefined {
  const found = file === undefined ? undefined : checksumOf(file);
  if (file === undefined || found === undefined) return undefined;
  const chosen = env[trustVariable]?.trim().toLowerCase() ?? '';
  const recorded = checksums[basename(file)];
  if (found === (chosen === '' ? recorded : chosen)) return undefined;
  const expected =
    chosen === ''
      ? `${recorded ?? 'a recorded checksum, but there is none for this file'} (${nativePackage})`
      : `${chosen} (${trustVariable})`;
  return (
    `the native binary ${file} is not the trusted one: its SHA-256 is ${found}; expected ${expected}. ` +
    'Install it again (npm ci) or, if you want this build (such as the official uWebSockets.js in its place), ' +
    `set ${trustVariable} to the SHA-256 of the build that you trust`
  );
}

/**
 * The path of the binary that the package loads in this process, by the rule of its own `uws.js`, whether or not it exists;
 * undefined if there is no package.
 */
export function nativeFile(): string | undefined {
  const { platform, arch, versions } = process;
  try {
    const entry = createRequire(import.meta.url).resolve('uWebSockets.js');
    return join(dirname(entry), `uws_${platform}_${arch}_${versions.modules}.node`);
  } catch {
    return undefined;
  }
}

/** How much of a file is read at a time. Reading all of it, about 7 MB, would take half as long again and stay in memory. */
const chunkBytes = 64 * 1024;

function checksumOf(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, read));
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
