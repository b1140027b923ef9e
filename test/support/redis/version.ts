import { spawnSync } from 'node:child_process';

/** What is wrong with the redis-server in PATH, in one sentence. Undefined if it is suitable. */
export function faultOfRedis(): string | undefined {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const version = /\bv=(\d+(\.\d+)*)/.exec(stdout ?? '')?.[1];
  if (version !== undefined && Number.parseInt(version, 10) >= 7) return undefined;
  const found = version === undefined ? 'found none' : `found ${version}`;
  return (
    `The tests of several nodes need redis-server 7 or later in PATH, but ${found}: ` +
    'install it, for instance with "apt-get install redis-server" on Debian 12 or later, or "brew install redis" on macOS.'
  );
}
