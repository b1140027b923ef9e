import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { canInstall, installPackage } from '../apt.ts';
import { faultOfRedis } from './version.ts';

/**
 * Runs once before all tests that need Redis, and installs it where that is possible. Otherwise each of those
 * tests fails with the reason, and other tests run.
 */
export default function setup(): void {
  if (faultOfRedis() === undefined || !canInstall()) return;
  installPackage('redis-server', 'for the tests of several nodes');
  // Keep it from starting with the machine. Without systemd this does nothing.
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', 'redis-server.service']);
}
