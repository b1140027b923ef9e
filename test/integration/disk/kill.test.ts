import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';

const kills = 20;

/** Compiles the writing process once, because that takes longer than most of its runs. Returns its file. */
function buildProgram(): string {
  const folder = temporaryFolder();
  const outfile = join(folder, 'writing-process.mjs');
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  buildSync({
    entryPoints: ['test/support/disk/writing-process.ts'],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outfile,
  });
  return outfile;
}

/** Has a process write until it has acknowledged this many flushes, kills it, and returns the last acknowledged number. */
async function writeAndKill(
  program: string,
  [path, sync]: readonly [path: string, sync: string],
  acknowledgements: number,
): Promise<number> {
  const child = spawn(process.execPath, [program, 'write', path, sync], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let count = 0;
  let last = 0;
  createInterface(child.stdout).on('line', (line) => {
    count += 1;
    last = Math.max(last, Number(line));
    if (count === acknowledgements) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return last;
}

describe('a store whose process is killed', () => {
  it('has everything that was acknowledged, and every flush completely', async () => {
    const program = buildProgram();
    const path = temporaryFolder();
    for (let kill = 0; kill < kills; kill += 1) {
      const sync = kill % 2 === 0 ? 'process' : 'disk';
      const acknowledged = await writeAndKill(program, [path, sync], 1 + Math.floor(Math.random() * 150));
      const { database } = await openDisk(path);
      expect(database.lost).toBeUndefined();
      const last = Number(new Map(database.entries('meta')).get('last'));
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      const first = Math.max(1, last - 499);
      const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      expect([...database.entries('outbox')]).toEqual(numbers.map((number) => [number, `event ${number}`]));
      const announced = new Map(database.entries('announced'));
      for (const number of numbers.slice(-50)) {
        expect(announced.get(`["app","channel ${number % 50}"]`)).toBe(String(number));
      }
      await database.close();
    }
  }, 120_000);
});
