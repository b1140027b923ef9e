import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Line {
  readonly msg?: string;
  readonly port?: number;
  readonly lines?: number;
}

async function droppedLines(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return Number(/^soketify_log_lines_dropped_total (\d+)$/m.exec(await answer.text())?.[1]);
}

/** Asks without a signature, with all that a line of the log at the level trace may hold. */
async function ask(port: number, times: number): Promise<void> {
  const head = `GET /apps/1/channels?a=${'x'.repeat(2000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const socket = connect(port, '127.0.0.1');
  // The last is answered once the others have been.
  socket.write(`${head.repeat(times)}GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let answers = '';
  for await (const piece of socket) {
    answers += String(piece);
    if (answers.includes('"live"')) break;
  }
  expect(answers.match(/HTTP\/1\.1 401/g)).toHaveLength(times);
}

test('a log that nobody reads is bounded, says what it lost, and keeps its last lines', async () => {
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
  for (let round = 0; round < 6; round += 1) await ask(port, 1000);
  const dropped = await droppedLines(port);
  expect(dropped).toBeGreaterThan(0);

  child.kill('SIGTERM');
  child.stdout.on('data', (piece: string) => (written += piece));
  await once(child.stdout, 'end');
  const lines = parse();
  const told = lines.filter(({ msg }) => msg?.startsWith('lines of the log were dropped'));
  expect(told.reduce((sum, { lines: count = 0 }) => sum + count, 0)).toBeGreaterThanOrEqual(dropped);
  expect(lines.map(({ msg }) => msg)).toContain('closing');
  expect(lines.at(-1)?.msg).toBe('closed');
  expect(Buffer.byteLength(written)).toBeLessThan(10 * 1024 * 1024);
  expect(await exited).toEqual([0, null]);
});
