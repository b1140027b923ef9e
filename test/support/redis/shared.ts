import type { TestProject } from 'vitest/node';
import install from './install.ts';
import { startRedis } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of a Redis for all tests of a project. Each server uses keys of its own. */
    sharedRedis: string;
  }
}

/** Starts a Redis for all tests of a project. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  install();
  const redis = await startRedis();
  project.provide('sharedRedis', redis.url);
  return () => redis.stop();
}
