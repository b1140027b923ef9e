import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * Three projects, by what a test needs. `fast` touches no network and no real clock; `integration` opens
 * loopback sockets in this process; `e2e` starts the built program.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [
      {
        extends: true,
        // A property tries many cases; FC_RUNS asks for more.
        test: { name: 'fast', include: ['test/{unit,property,contract}/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        // These wait for other processes more than they compute.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
