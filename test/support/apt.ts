import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/** Whether Debian packages can be installed here, which needs root and apt-get. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
}

/** Installs a Debian package without starting its service. Prints `why` first. */
export function installPackage(name: string, purpose: string): void {
  process.stderr.write(`Installing ${name} with apt-get ${purpose}\n`);
  withoutServices(() => {
    if (aptGet('install', '-y', '--no-install-recommends', name)) return;
    aptGet('update');
    aptGet('install', '-y', '--no-install-recommends', name);
  });
}

function aptGet(...args: readonly string[]): boolean {
  const options = ['-o', 'DPkg::Lock::Timeout=120', '-qq'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', [...options, ...args], { env, stdio: 'ignore', timeout: 600_000 }).status === 0;
}

/**
 * Debian packages start their service unless this file forbids it. The file is removed afterwards if it was
 * not there before.
 */
function withoutServices(run: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  let isOurs = true;
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  } catch {
    isOurs = false;
  }
  try {
    run();
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}
