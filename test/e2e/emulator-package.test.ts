import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createConsumer } from '../support/e2e/consumer.ts';

describe('the package, as a project has it that installed it', () => {
  test('works from jest, which refuses ES modules, beside its fake timers', async () => {
    const consumer = await createConsumer('member.jest.test.cjs');
    const jest = consumer.bin('jest/bin/jest.js');
    const { code, output } = await consumer.run(jest, '--testMatch', '**/*.test.cjs', '--detectOpenHandles');
    expect(output).toContain('3 passed, 3 total');
    expect(output).not.toContain('open handle');
    expect(code).toBe(0);
  });

  test('works from node:test, beside its fake timers', async () => {
    const consumer = await createConsumer('member.node.test.mjs');
    const { code, output } = await consumer.run('--test', 'member.node.test.mjs');
    expect(output).toMatch(/pass 1\n/);
    expect(code).toBe(0);
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
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const files = ['types.cts', 'types.mts'];
    await writeFile(join(consumer.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    expect(await consumer.run(consumer.bin('typescript/bin/tsc'), '-p', '.')).toEqual({
      code: 0,
      output: '',
    });
  });
});
