import { onTestFinished } from 'vitest';
import type { RedisServer } from './server.ts';
import { Walk } from './walk.ts';

/** Starts nodes on this Redis that know of each other. They end with the test. */
export async function startWalk({ url }: Pick<RedisServer, 'url'>, nodes: number): Promise<Walk> {
  const walk = await new Walk(url).start(nodes);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  return walk;
}
