import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

interface Line {
  readonly msg?: string;
  readonly port?: number;
  readonly lines?: number;
}

async function droppedLines(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return Number(/^soketify_log_lines_dropped_total (\d+)$/m.exec(await answer.text())?.[1]);
}

/** Sends an unsigned request with as much as a log entry at level trace may contain. */
async function ask(port: number, times: number): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 10 });
  const path = `/apps/1/channels?a=${'x'.repeat(2000)}`;
  const statuses = await Promise.all(
    Array.from({ length: times }, async () => {
      const { statusCode, body } = await pool.request({ method: 'GET', path });
      await body.dump();
      return statusCode;
    }),
  );
  await pool.close();
  expect(new Set(statuses)).toEqual(new Set([401]));
}

test('a log without a reader is bounded, reports what it dropped, and keeps its last lines', async () => {
  const child = spawn(process.execPath, [program, '--port', '0'], {
    env: { PATH: process.env['PATH'], SOKETIFY_LOG_LEVEL: 'trace' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let written = '';
  child.stdout.setEncoding('utf8');
  while (!written.includes('"msg":"listening"')) {
    const [piece] = (await once(child.stdout, 'data')) as [string];
    written += piece;
  }
  const parse = (): Line[] =>
    written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  const { port = 0 } = parse().find(({ msg }) => msg === 'listening') ?? {};
  child.stdout.pause();
  await ask(port, 5000);
  const dropped = await droppedLines(port);
  expect(dropped).toBeGreaterThan(0);

  child.kill('SIGTERM');
  child.stdout.on('data', (piece: string) => (written += piece));
  child.stdout.resume();
  await once(child.stdout, 'end');
  const lines = parse();
  const notes = lines.filter(({ msg }) => msg?.startsWith('log lines were dropped'));
  expect(notes.reduce((sum, { lines: count = 0 }) => sum + count, 0)).toBeGreaterThanOrEqual(dropped);
  expect(lines.map(({ msg }) => msg)).toContain('closing');
  expect(lines.at(-1)?.msg).toBe('closed');
  expect(Buffer.byteLength(written)).toBeLessThan(10 * 1024 * 1024);
  expect(await exited).toEqual([0, null]);
});
