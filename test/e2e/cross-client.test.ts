import { afterAll, describe, expect, test } from 'vitest';
import { quick } from '../support/e2e/config.ts';
import { apps, perform, readVectors } from '../support/e2e/cross-client.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';

const hooks = await startReceiver();
const { main, ...others } = apps;
const server = await startServer({
  apps: [{ ...main, webhooks: [{ url: hooks.url }] }, ...Object.values(others)],
  webhooks: quick,
});
const vectors = readVectors();
const clients = [...new Set(vectors.map(({ client }) => client))];
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

// These libraries do not run here. The vectors follow from their sources.
describe.each(clients)('%s', (client) => {
  const facts = vectors
    .filter((vector) => vector.client === client)
    .map((vector) => [`${vector.fact} (${vector.source})`, vector] as const);
  test.each(facts)('%s', async (_, vector) => {
    await perform(vector, server, hooks);
  });
});

test('every library that Pusher maintains, except those for JavaScript, has its vectors', () => {
  expect(clients).toEqual(['Swift', 'Java', '.NET', 'Go', 'PHP', 'Python', 'Ruby']);
});
