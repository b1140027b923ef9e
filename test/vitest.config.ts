import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { WaitingFirst } from './support/waiting-first.ts';

/** For projects that wait for other processes more than they compute. They run together, after the others. */
const waiting = { maxWorkers: 5, sequence: { groupOrder: 1 } };

/**
 * Projects, by what a test needs. `fast` touches no network and no real clock; `integration` opens
 * loopback sockets in this process; `e2e` starts the built program; `examples` are suites such as users have, on the
 * built and the packed package; `redis` starts redis-servers, and installs redis-server if it can; `browser` opens the Dashboard in Chromium,
 * and installs that if it can; `production` runs the files of config/ with the programs that they are for, which it installs if it can.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    // Every project transforms the same sources. This keeps the results, also for the next run.
    experimental: { fsModuleCache: true },
    // Files share their imports: a process for each of them would take longer than most. So no test may leave anything
    // behind in a module or a global.
    isolate: false,
    sequence: { sequencer: WaitingFirst },
    // A limit is not an assertion: a busy machine may take long.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        // A property tries many cases; FC_RUNS asks for more.
        test: {
          name: 'fast',
          include: ['test/{unit,property,contract}/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
      {
        extends: true,
        // What clients and backends see, once more with clients on two worker threads.
        test: {
          name: 'workers',
          include: [
            'test/e2e/{admin,clients*,connection,cross-client,hostile-*,http-*,keys,leaves,odd-*,reconcile}.test.ts',
            'test/e2e/{refusals,reload,sdk,sent-text,shutdown,slow-clients,start,store*,webhooks-*}.test.ts',
            'test/workers/**/*.test.ts',
          ],
          env: { TEST_WORKERS: '2' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
      {
        extends: true,
        // What of that is the same where each worker is a node on Redis, whose counts are a little older.
        test: {
          name: 'workers-redis',
          include: [
            'test/e2e/{clients*,connection,http-questions,http-signing,keys,reconcile,reload,sdk}.test.ts',
            'test/e2e/webhooks-{cache,events,grace,receivers,truth}.test.ts',
          ],
          env: { TEST_WORKERS: '2' },
          globalSetup: ['test/support/redis/shared.ts'],
          setupFiles: ['test/support/redis/require.ts', 'test/support/redis/use-shared.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
      {
        extends: true,
        // Suites such as users write, against the package as it is built.
        test: {
          name: 'examples',
          include: ['test/examples/**/*.test.ts'],
          globalSetup: [
            'test/support/package/pack.ts',
            'test/support/browser/install.ts',
            'test/support/examples/install.ts',
          ],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          ...waiting,
        },
      },
      {
        extends: true,
        test: {
          name: 'redis',
          include: ['test/redis/**/*.test.ts'],
          globalSetup: ['test/support/redis/install.ts'],
          setupFiles: ['test/support/redis/require.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/browser/install.ts'],
          setupFiles: ['test/support/browser/require.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Alone, because a person's steps have their times: a page that gets no processor for long looks different.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'production',
          include: ['test/production/**/*.test.ts'],
          globalSetup: ['test/support/production/install.ts', 'test/support/redis/install.ts'],
          setupFiles: ['test/support/redis/require.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
    ],
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
