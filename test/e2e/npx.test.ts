import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Journal } from '../support/journal.ts';
import type { LogLine } from '../support/e2e/server.ts';

const program = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

/** The program as npx starts it from a project that has installed it. Nothing is downloaded. */
async function startByNpx() {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-npx-'));
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"project","version":"1.0.0"}');
  // An installation makes the program executable, but the build does not.
  const text = `#!/usr/bin/env node\nrequire(${JSON.stringify(program)});\n`;
  await writeFile(join(folder, 'node_modules/.bin/soketify-emulator'), text, { mode: 0o755 });
  const npx = spawn('npx', ['--offline', 'soketify-emulator', '--port', '0'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log = new Journal<LogLine & { readonly pid?: number; readonly signal?: string }>('a line of the log');
  createInterface({ input: npx.stdout }).on('line', (line) => {
    if (line.startsWith('{"')) log.push(JSON.parse(line) as LogLine);
  });
  // The server holds the pipe open while it runs.
  const gone = new Promise<void>((resolve) => npx.stdout.once('close', resolve));
  onTestFinished(async () => {
    npx.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  });
  return { npx, log, gone };
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a server that npx has started exits when npx is ended by %s',
  async (signal) => {
    const { npx, log, gone } = await startByNpx();
    await log.first(({ msg }) => msg === 'listening');
    npx.kill(signal);
    await log.first(({ msg }) => msg === 'closed');
    await gone;
    const closing = log.items.find(({ msg }) => msg === 'closing');
    expect(closing?.signal).toBe('the exit of npx');
  },
);
