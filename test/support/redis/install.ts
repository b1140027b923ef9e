import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { canInstall, installPackage } from '../apt.ts';
import { faultOfRedis } from './version.ts';

/**
 * Runs once, before all files that need Redis, and installs it where that can be done. Where it cannot, each of those
 * files says so and fails, and the others still run.
 */
export default function setup(): void {
  if (faultOfRedis() === undefined || !canInstall()) return;
  installPackage('redis-server', 'for the tests of several nodes');
  // Nor does it start with the machine; without systemd there is nothing to say.
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', 'redis-server.service']);
}
