import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../../src/store/disk/database.ts';
import { systemProcesses, takeLock, type ProcessIdentity } from '../../../src/store/disk/lock.ts';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';

/** A process that has opened the store of this folder. */
async function startHolder(path: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/support/disk/writing-process.ts', 'hold', path],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

const { self, runs } = systemProcesses();

function leaveLock(path: string, of: ProcessIdentity | string): void {
  writeFileSync(join(path, 'lock'), typeof of === 'string' ? of : JSON.stringify(of));
}

describe('the lock of the store', () => {
  it('names the process that holds the folder, and is free once that one has ended, in any way', async () => {
    const path = temporaryFolder();
    const graceful = await startHolder(path);
    const opening = openDisk(path);
    await expect(opening).rejects.toThrow(StoreError);
    await expect(opening).rejects.toThrow(
      `the process with pid ${graceful.pid} already uses the store ${path}`,
    );
    graceful.stdin?.end();
    await once(graceful, 'exit');
    expect(existsSync(join(path, 'lock'))).toBe(false);

    const killed = await startHolder(path);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const { database } = await openDisk(path);
    expect(database.lost).toBeUndefined();
  });

  it('admits this process once', async () => {
    const path = temporaryFolder();
    const { database } = await openDisk(path);
    await expect(openDisk(path)).rejects.toThrow(`this process (pid ${process.pid})`);
    await database.close();
    await openDisk(path);
  });

  it('is taken over from a process that is gone, whatever is left of it', () => {
    for (const left of [
      { ...self, pid: 2 ** 22 + 1 },
      // The same number belongs to another process now, or another boot of the machine.
      { ...self, startedAt: '1' },
      { ...self, bootId: 'another' },
      'nonsense',
      '',
      '{"pid":-1}',
      'null',
    ]) {
      const path = temporaryFolder();
      leaveLock(path, left);
      const release = takeLock(path);
      expect(JSON.parse(readFileSync(join(path, 'lock'), 'utf8'))).toEqual(self);
      release();
      expect(readdirSync(path)).toEqual([]);
    }
  });

  it('goes to only one of two processes that find it left over', () => {
    const path = temporaryFolder();
    const endedProcess = { ...self, pid: 1, startedAt: 'gone' };
    const other = { ...self, pid: process.ppid, startedAt: systemStart(process.ppid) };
    leaveLock(path, endedProcess);
    // While this one checks whether the former owner runs, the other one takes over.
    let isFirst = true;
    const processes = {
      self,
      runs(identity: ProcessIdentity): boolean {
        if (!isFirst) return runs(identity);
        isFirst = false;
        leaveLock(path, other);
        return false;
      },
    };
    expect(() => takeLock(path, processes)).toThrow(`the process with pid ${other.pid}`);
    expect(readdirSync(path)).toEqual(['lock']);
  });

  it('belongs to the process that is taking it over, unless that one has ended', () => {
    const path = temporaryFolder();
    leaveLock(path, { ...self, startedAt: '1' });
    const takeover = join(path, 'lock.takeover');
    writeFileSync(
      takeover,
      JSON.stringify({ ...self, pid: process.ppid, startedAt: systemStart(process.ppid) }),
    );
    expect(() => takeLock(path)).toThrow(`the process with pid ${process.ppid}`);
    writeFileSync(takeover, JSON.stringify({ ...self, startedAt: '1' }));
    takeLock(path);
    expect(readdirSync(path)).toEqual(['lock']);
  });

  it('is released only by its owner', () => {
    const path = temporaryFolder();
    const release = takeLock(path);
    leaveLock(path, 'of somebody else');
    release();
    expect(readdirSync(path)).toEqual(['lock']);
  });
});

function systemStart(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
