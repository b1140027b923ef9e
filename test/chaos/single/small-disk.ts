import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atCleanUp } from '../children.ts';

const sizeBytes = 16 * 1024 ** 2;

/** A small in-memory disk for the store if this user may mount one, otherwise a folder. */
export class SmallDisk {
  readonly path: string;
  readonly isMounted: boolean;
  #isFull = false;
  #freedAt = -Infinity;
  #forget: () => void = () => {};
  #limited: number | undefined;

  constructor(folder: string) {
    this.path = folder;
    const options = `size=${sizeBytes},mode=700`;
    this.isMounted = run('mount', '-t', 'tmpfs', '-o', options, 'soketify-chaos', folder);
    if (this.isMounted) this.#forget = atCleanUp(() => void run('umount', '--lazy', folder));
  }

  /** Whether writes failed at some time since this moment. */
  wasFullSince(atMs: number): boolean {
    return this.#isFull || this.#freedAt >= atMs;
  }

  /** Fills the disk. Returns false if it is not a small one. */
  fill(): boolean {
    if (!this.isMounted) return false;
    this.#isFull = true;
    try {
      writeFileSync(this.#ballast, Buffer.alloc(sizeBytes));
    } catch {
      // The disk is as full as it can be.
    }
    return true;
  }

  /** Makes every write of this process fail, as on a full disk. Returns false where that is impossible. */
  failWrites(pid: number): boolean {
    if (!run('prlimit', '--pid', String(pid), '--fsize=0:')) return false;
    this.#limited = pid;
    this.#isFull = true;
    return true;
  }

  /** Frees the disk, so that writes succeed. `pid`: the running process. */
  free(pid: number | undefined): void {
    rmSync(this.#ballast, { force: true });
    if (this.#isFull) this.#freedAt = Date.now();
    this.#isFull = false;
    if (pid !== undefined && pid === this.#limited)
      run('prlimit', '--pid', String(pid), '--fsize=unlimited:');
    this.#limited = undefined;
  }

  remove(): void {
    if (this.isMounted) run('umount', '--lazy', this.path);
    this.#forget();
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}

function run(command: string, ...args: string[]): boolean {
  return process.platform === 'linux' && spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
