import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tools } from '../../support/examples/tools.ts';
import { requireTool } from '../../support/tools.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const program = fileURLToPath(new URL('../../../dist/main.cjs', import.meta.url));

test('the suite for pytest passes, and leaves nothing behind', async () => {
  const python = requireTool(tools.python);
  const args = ['-m', 'pytest', '-p', 'no:cacheprovider', folder];
  const env = {
    PATH: process.env['PATH'],
    EMULATOR: `${process.execPath} ${program}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(python, args, { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
  expect(output).toMatch(/ 4 passed in /);
  expect(code).toBe(0);
}, 70_000);
