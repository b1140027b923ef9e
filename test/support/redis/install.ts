import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { faultOfRedis } from './version.ts';

/**
 * Runs once, before all files that need Redis, and installs it where that can be done. Where it cannot, each of those
 * files says so and fails, and the others still run.
 */
export default function setup(): void {
  if (faultOfRedis() !== undefined && canInstall()) install();
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
}

function install(): void {
  process.stderr.write('Installing redis-server with apt-get for the tests of several nodes\n');
  withoutServices(() => {
    if (!aptGet('install', '-y', '--no-install-recommends', 'redis-server')) {
      aptGet('update');
      aptGet('install', '-y', '--no-install-recommends', 'redis-server');
    }
  });
  // Nor does it start with the machine; without systemd there is nothing to say.
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', 'redis-server.service']);
}

function aptGet(...args: readonly string[]): boolean {
  const options = ['-o', 'DPkg::Lock::Timeout=120', '-qq'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', [...options, ...args], { env, stdio: 'ignore' }).status === 0;
}

/** Debian's packages start their service unless this file says no. It is put there for the while, if there is none. */
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
