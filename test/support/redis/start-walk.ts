import { onTestFinished } from 'vitest';
import type { RedisServer } from './server.ts';
import { Walk } from './walk.ts';

/** Starts nodes on this Redis that know of each other. They end with the test. For the options see `Walk`. */
export async function startWalk(
  { url }: Pick<RedisServer, 'url'>,
  nodes: number,
  options?: { readonly beatEveryMs: number },
): Promise<Walk> {
  const walk = await new Walk(url, options).start(nodes);
  onTestFinished(() => walk.dispose());
  await walk.advance(500);
  return walk;
}
