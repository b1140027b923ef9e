import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { createProject } from '../../support/package/project.ts';

const clients = ['pusher', 'pusher-js'];

describe('a new project that has installed the package', () => {
  test('runs the test that the README prints, in vitest', async () => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const printed = /`online\.test\.mjs`[^]*?\n```js\n([^]*?)\n```/.exec(readme)?.[1];
    const project = await createProject({ packages: [...clients, 'vitest'] });
    await project.write('online.test.mjs', printed ?? '');
    const { code, output } = await project.node(project.script('vitest/vitest.mjs'), 'run');
    expect(output).toMatch(/1 passed/);
    expect(code).toBe(0);
  });

  test('has the program', async () => {
    const project = await createProject();
    const { code, output } = await project.run('node_modules/.bin/soketify-emulator', ['--version']);
    expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });
});
