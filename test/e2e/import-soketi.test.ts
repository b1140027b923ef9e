import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../support/e2e/server.ts';

test('import-soketi prints a configuration that the server accepts, and what has no counterpart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-import-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'soketi.json');
  await writeFile(file, JSON.stringify({ debug: true, cors: { credentials: false } }));
  const { code, stdout, stderr } = await runProgram(['import-soketi', file], { SOKETI_PORT: '7001' });
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^no counterpart: cors\.credentials: every origin/),
  ]);
  const config = join(folder, 'config.json');
  await writeFile(config, stdout);
  const checked = await runProgram(['check-config', config]);
  expect(checked.code).toBe(0);
  expect(JSON.parse(checked.stdout)).toMatchObject({ port: 7001, host: '0.0.0.0', logLevel: 'debug' });
  const json = await runProgram(['import-soketi', file, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    config: { logLevel: 'debug' },
    notes: [expect.any(String)],
  });
});

test('import-soketi reports what the server would reject, and what it cannot read', async () => {
  const refused = await runProgram(['import-soketi'], { SOKETI_DEFAULT_APP_ID: 'no spaces' });
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('would be refused: apps[0].id'),
  ]);
  expect(JSON.parse(refused.stdout)).toMatchObject({ apps: [{ id: 'no spaces' }] });
  const nothing = await runProgram(['import-soketi']);
  expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('nothing to import')]);
  expect((await runProgram(['import-soketi', '/nowhere.json'])).code).toBe(2);
});
