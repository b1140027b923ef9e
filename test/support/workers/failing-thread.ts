import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fault that occurs in all worker threads of a program on demand. */
export interface ThreadFault {
  /** The environment to start the program with. */
  readonly env: { readonly NODE_OPTIONS: string };
  happen(): Promise<void>;
}

/** Prepares a fault. Start the program with its `env`. */
export async function createThreadFault(): Promise<ThreadFault> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-thread-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const fault = join(folder, 'fault.cjs');
  const flag = join(folder, 'now');
  // Each thread loads it before the program.
  await writeFile(
    fault,
    `const { isMainThread } = require('node:worker_threads');
     const { existsSync } = require('node:fs');
     if (!isMainThread) setInterval(() => { if (existsSync(${JSON.stringify(flag)})) throw new Error('made by the test'); }, 20);`,
  );
  return { env: { NODE_OPTIONS: `--require=${fault}` }, happen: () => writeFile(flag, '') };
}
