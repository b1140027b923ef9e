import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { exitCode } from '../../src/commands/exit-code.ts';
import { variables } from '../../src/config/environment.ts';
import { app } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import type { LogLine } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { fillIn, sample, temporaryFolder, writeInto } from '../support/production/proxy.ts';
import { tools } from '../support/production/tools.ts';
import { requireTool } from '../support/tools.ts';

const program = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
const installed = '/opt/soketify-emulator/node_modules/.bin/soketify-emulator';

/** The unit as a file, with the program's path on this machine. */
async function unitFile(): Promise<string> {
  const unit = fillIn(await sample('systemd/soketify-emulator.service'), {
    [installed]: `${process.execPath} ${program}`,
  });
  return writeInto(await temporaryFolder(), 'soketify-emulator.service', unit);
}

/** The values of a directive, in order. */
const valuesOf = (unit: string, directive: string) =>
  [...unit.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value]) => value);

test('systemd knows each directive of the unit, and its value', async () => {
  const args = ['verify', '--man=no', await unitFile()];
  const { status, stderr } = spawnSync(requireTool(tools.systemdAnalyze), args, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('systemd rates the service as well confined', async () => {
  // 10 is a service without restrictions. What remains is mostly the right to connect to any address.
  const args = ['security', '--offline=true', '--threshold=20', '--no-pager', await unitFile()];
  const { status, stdout } = spawnSync(requireTool(tools.systemdAnalyze), args, { encoding: 'utf8' });
  expect({ status, stdout }).toMatchObject({ status: 0 });
});

test('the system calls of a start, a webhook, a reload and a shutdown are allowed', async () => {
  const unit = await sample('systemd/soketify-emulator.service');
  const groups = valuesOf(unit, 'SystemCallFilter').flatMap((value = '') => value.split(' '));
  const allowed = groups.filter((name) => name.startsWith('@')).flatMap(systemCalls);
  const refused = groups.filter((name) => name.startsWith('~')).flatMap((name) => systemCalls(name.slice(1)));
  const used = await tracedCalls();
  expect(used).toContain('epoll_pwait');
  expect(used.filter((call) => !allowed.includes(call) || refused.includes(call))).toEqual([]);
});

test('an invalid configuration is not retried, and everything else is', async () => {
  const unit = await sample('systemd/soketify-emulator.service');
  expect(valuesOf(unit, 'RestartPreventExitStatus')).toEqual([String(exitCode.badConfiguration)]);
  expect(valuesOf(unit, 'Restart')).toEqual(['always']);
});

test('the sample environment names variables that the program reads', async () => {
  const text = await sample('systemd/environment');
  const named = [...text.matchAll(/^#?(\w+)=/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(Object.values(variables)).toContain(name);
});

/** The names in a group of system calls, including those of nested groups. */
function systemCalls(group: string): string[] {
  const { stdout } = spawnSync(requireTool(tools.systemdAnalyze), ['syscall-filter', '--no-pager', group], {
    encoding: 'utf8',
  });
  const names = [...stdout.matchAll(/^ +([@\w-]+)$/gm)].flatMap(([, name]) => name ?? []);
  return names.flatMap((name) => (name.startsWith('@') ? systemCalls(name) : name));
}

/**
 * Starts a server with a store, lets it send a webhook, reload and shut down, and returns the system calls it
 * made.
 */
async function tracedCalls(): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  const trace = join(folder, 'trace');
  await using hooks = await startReceiver();
  const apps = [{ ...app, webhooks: [{ url: hooks.url }] }];
  const config = { port: 0, store: { path: join(folder, 'store') }, apps };
  const file = await writeInto(folder, 'config.json', JSON.stringify(config));
  const args = ['-f', '-qq', '-o', trace, process.execPath, program, '--config', file];
  const child = spawn(requireTool(tools.strace), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const log = new Journal<LogLine>('a line of the log');
  createInterface({ input: child.stdout }).on('line', (line) => log.push(JSON.parse(line) as LogLine));
  const { port = 0 } = await log.first(({ msg }) => msg === 'listening');
  const traced = Number(/^\d+/.exec(await readFile(trace, 'utf8'))?.[0]);
  const socket = await connectSocket({ port });
  await socket.subscribe('news');
  await hooks.eventsOf('news', 1);
  process.kill(traced, 'SIGHUP');
  await log.first(({ msg }) => msg === 'configuration reloaded');
  process.kill(traced, 'SIGTERM');
  await exit;
  const calls = (await readFile(trace, 'utf8')).matchAll(/^\d+ +([a-z]\w*)\(/gm);
  return [...new Set([...calls].flatMap(([, name]) => name ?? []))].toSorted();
}
