import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Contains a binary for each platform and version of Node.js, of which only one is used. */
const excludedFolder = 'node_modules/uWebSockets.js';

/** The number of packages that the program needs at run time, and their size in bytes without uWebSockets.js. */
export function runtimePackages(): { readonly count: number; readonly bytes: number } {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>>;
  };
  const folders = Object.entries(lock.packages)
    .filter(([name, { dev, devOptional, optional }]) => name !== '' && !dev && !devOptional && !optional)
    .map(([name]) => name);
  const counted = folders.filter((name) => name !== excludedFolder);
  return { count: folders.length, bytes: counted.reduce((sum, name) => sum + sizeOf(join(root, name)), 0) };
}

/** Skips nested packages, which have their own entries in the lock file. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + sizeOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
