import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Holds a binary for each platform and version of Node.js, of which one is used. */
const weighedApart = 'node_modules/uWebSockets.js';

/** How many packages are installed for running, and how many bytes they have without uWebSockets.js. */
export function runtimePackages(): { readonly count: number; readonly bytes: number } {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>>;
  };
  const folders = Object.entries(lock.packages)
    .filter(([name, { dev, devOptional, optional }]) => name !== '' && !dev && !devOptional && !optional)
    .map(([name]) => name);
  const weighed = folders.filter((name) => name !== weighedApart);
  return { count: folders.length, bytes: weighed.reduce((sum, name) => sum + sizeOf(join(root, name)), 0) };
}

/** Nested packages have an entry of their own in the lock. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + sizeOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
