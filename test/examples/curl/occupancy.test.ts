import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('occupancy.sh', import.meta.url));
const program = fileURLToPath(new URL('../../../dist/main.cjs', import.meta.url));

test('the suite for bash and curl passes, and ends by itself', async () => {
  const env = { PATH: process.env['PATH'], EMULATOR: `${process.execPath} ${program}` };
  const child = spawn('bash', [script], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const tooLong = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(tooLong);
  expect(code, output).toBe(0);
  expect(output.split('\n').filter((line) => line.startsWith('ok: '))).toHaveLength(8);
}, 40_000);
