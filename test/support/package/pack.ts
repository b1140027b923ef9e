import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

const root = fileURLToPath(new URL('../../..', import.meta.url));

declare module 'vitest' {
  export interface ProvidedContext {
    /** The path of the package as it would be published, a `.tgz`. */
    readonly packedPackage: string;
  }
}

/**
 * Builds and packs the checkout as `npm publish` does, once for all tests of a vitest project. Name this file
 * in `globalSetup`, and read the path with `inject('packedPackage')`. The archive is removed after the tests.
 */
export default function packForTests({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-packed-'));
  provide('packedPackage', pack(root, folder));
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Builds and packs a checkout into a folder. Returns the path of the archive. */
export function pack(checkout: string, folder: string): string {
  const output = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: checkout,
    encoding: 'utf8',
  });
  const name = output.trim().split('\n').at(-1) ?? '';
  return join(folder, name);
}
