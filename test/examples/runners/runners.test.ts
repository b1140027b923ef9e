import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { blockUnder } from '../../support/documents/pages.ts';
import { createProject, type Project, type ProjectOptions } from '../../support/package/project.ts';
import { findChromium } from '../../support/browser/chromium.ts';

const clients = ['pusher', 'pusher-js'];

/** A project with these files from a folder next to this file. */
function projectOf(runner: string, files: readonly string[], options: ProjectOptions): Promise<Project> {
  const paths = files.map((file) => fileURLToPath(new URL(`${runner}/${file}`, import.meta.url)));
  return createProject({ ...options, files: paths, packages: [...clients, ...(options.packages ?? [])] });
}

/** Each project starts in an empty folder and installs the package from its archive, like a new user. */
describe('a new project tests with', () => {
  test('vitest: the test that the README prints', async () => {
    const project = await createProject({ packages: [...clients, 'vitest'] });
    await project.write('online.test.mjs', blockUnder('README.md', 'In tests', 'js'));
    const { code, output } = await project.node(project.script('vitest/vitest.mjs'), 'run');
    expect(output).toMatch(/1 passed/);
    expect(code).toBe(0);
  });

  test('vitest, with one emulator for all test files', async () => {
    const files = ['vitest.config.mjs', 'soketify.mjs', 'online.test.mjs', 'rooms.test.mjs'];
    const project = await projectOf('vitest-global', files, { packages: ['vitest'] });
    const { code, output } = await project.node(project.script('vitest/vitest.mjs'), 'run');
    expect(output).toMatch(/Tests .*2 passed/);
    expect(code).toBe(0);
  });

  test('jest, which does not accept ES modules, together with its fake timers', async () => {
    const project = await projectOf('jest-commonjs', ['online.test.cjs'], {
      packages: ['jest'],
      manifest: { jest: { testMatch: ['**/*.test.cjs'] } },
    });
    const { code, output } = await project.node(project.script('jest/bin/jest.js'), '--detectOpenHandles');
    expect(output).toContain('4 passed, 4 total');
    expect(output).not.toContain('open handle');
    expect(code).toBe(0);
  });

  test('jest and ES modules', async () => {
    const project = await projectOf('jest-esm', ['online.test.mjs'], {
      packages: ['jest', '@jest/globals'],
      manifest: { jest: { testMatch: ['**/*.test.mjs'], transform: {} } },
    });
    const jest = project.script('jest/bin/jest.js');
    const { code, output } = await project.node('--experimental-vm-modules', jest);
    expect(output).toContain('2 passed, 2 total');
    expect(code).toBe(0);
  });

  test('jest and jsdom', async () => {
    const project = await projectOf('jest-jsdom', ['online.test.cjs'], {
      packages: ['jest', 'jest-environment-jsdom'],
      manifest: { jest: { testMatch: ['**/*.test.cjs'] } },
    });
    const { code, output } = await project.node(project.script('jest/bin/jest.js'));
    expect(output).toContain('1 passed, 1 total');
    expect(code).toBe(0);
  });

  test('node:test, together with its fake timers', async () => {
    const project = await projectOf('node-test', ['online.test.mjs', 'fake-timers.test.mjs'], {
      packages: ['ws'],
    });
    const { code, output } = await project.node('--test');
    expect(output).toMatch(/pass 2\n/);
    expect(code).toBe(0);
  });

  test('sinon, which fakes all timers before the emulator is started', async () => {
    const project = await projectOf('sinon', ['faked.cjs'], { packages: ['ws', '@sinonjs'] });
    expect(await project.node('faked.cjs')).toEqual({ code: 0, output: 'clock true, timers 0\n' });
  });

  test('mocha', async () => {
    const project = await projectOf('mocha', ['online.spec.mjs'], { packages: ['mocha'] });
    const { code, output } = await project.node(project.script('mocha/bin/mocha.js'), 'online.spec.mjs');
    expect(output).toContain('1 passing');
    expect(code).toBe(0);
  });

  test('Playwright, with a page in a browser', async () => {
    const project = await projectOf('playwright', ['online.spec.mjs', 'playwright.config.mjs'], {
      packages: ['@playwright/test'],
    });
    const { code, output } = await project.run(
      process.execPath,
      [project.script('@playwright/test/cli.js'), 'test'],
      {
        CHROMIUM_PATH: findChromium() ?? '',
      },
    );
    expect(output).toContain('1 passed');
    expect(code).toBe(0);
  });
});
