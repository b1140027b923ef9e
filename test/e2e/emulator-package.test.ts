import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createConsumer } from '../support/e2e/consumer.ts';

describe('the package, as a project has it that installed it', () => {
  test('runs the test that the README prints', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const printed = /`online\.test\.mjs`[^]*?\n```js\n([^]*?)\n```/.exec(readme)?.[1];
    const consumer = await createConsumer();
    await writeFile(join(consumer.folder, 'online.test.mjs'), printed ?? '');
    const { code, output } = await consumer.run(consumer.bin('vitest/vitest.mjs'), 'run');
    expect(output).toMatch(/1 passed/);
    expect(code).toBe(0);
  });

  test('works from jest, which refuses ES modules, beside its fake timers', async () => {
    const consumer = await createConsumer('member.jest.test.cjs');
    const jest = consumer.bin('jest/bin/jest.js');
    const { code, output } = await consumer.run(jest, '--testMatch', '**/*.test.cjs', '--detectOpenHandles');
    expect(output).toContain('4 passed, 4 total');
    expect(output).not.toContain('open handle');
    expect(code).toBe(0);
  });

  test('works from node:test, beside its fake timers', async () => {
    const consumer = await createConsumer('member.node.test.mjs');
    const { code, output } = await consumer.run('--test', 'member.node.test.mjs');
    expect(output).toMatch(/pass 1\n/);
    expect(code).toBe(0);
  });

  test('goes on by the real clock when all timers are faked before it is loaded, as sinon does', async () => {
    const consumer = await createConsumer('sinon.cjs');
    expect(await consumer.run('sinon.cjs')).toEqual({ code: 0, output: 'clock true, timers 0\n' });
  });

  test('leaves no handle after close: the process ends by itself', async () => {
    const consumer = await createConsumer('leak.cjs');
    expect(await consumer.run('leak.cjs')).toEqual({ code: 0, output: '[]' });
  });

  test('has types for ES modules and CommonJS', async () => {
    const consumer = await createConsumer('types.cts', 'types.mts');
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable', 'dom'], // pusher-js speaks of the page

      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const files = ['types.cts', 'types.mts'];
    await writeFile(join(consumer.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    expect(await consumer.run(consumer.bin('typescript/bin/tsc'), '-p', '.')).toEqual({
      code: 0,
      output: '',
    });
    // What a project that installs the package does not have, or need not have.
    const { output: read } = await consumer.run(
      consumer.bin('typescript/bin/tsc'),
      '-p',
      '.',
      '--listFilesOnly',
    );
    expect(read).toContain('dist/index.d.ts');
    expect(read).not.toMatch(/node_modules\/(zod|commander|ioredis|undici|uWebSockets\.js|pino)\//);
  });
});
