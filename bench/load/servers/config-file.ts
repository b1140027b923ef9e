import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a configuration file that exists only while `use` runs: servers read theirs once, at startup. */
export async function withFile<Result>(
  config: object,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-bench-'));
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return use(file).finally(() => rmSync(folder, { recursive: true, force: true }));
}
