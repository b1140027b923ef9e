import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/** Whether Debian packages can be installed here, which needs root and apt-get. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
}

/** Installs a Debian package without starting its service. Prints `purpose` first. */
export function installPackage(name: string, purpose: string): void {
  process.stderr.write(`Installing ${name} with apt-get ${purpose}\n`);
  withoutServices(() => {
    if (install(name)) return;
    aptGet('update');
    install(name);
  });
}

/** Installs a Debian package that has no service, if apt-get knows it already. */
export function installKnownPackage(name: string): void {
  install(name);
}

function install(name: string): boolean {
  return aptGet('install', '-y', '--no-install-recommends', name);
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
