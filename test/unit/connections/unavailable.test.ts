import { describe, expect, test } from 'vitest';
import { unavailable } from '../../../src/ports/unavailable.ts';
import { apiStage } from '../../support/unit/api-stage.ts';
import { application } from '../../support/unit/application.ts';
import { delegateLedger } from '../../support/unit/delegate-ledger.ts';
import { signedRequest } from '../../support/unit/signed-request.ts';

const refusal = {
  status: 503,
  text: 'State unavailable: Redis, which the nodes share, does not respond, or does not know yet what each node holds. Try again',
  retryAfterSeconds: 1,
};

/** An API whose nodes do not know of each other: this node's memory does not contain the whole truth. */
function stageWithout(...unknown: readonly ('channel' | 'occupiedChannels')[]) {
  const stage = apiStage({
    apps: [application({ limits: { triggersPerSecond: 5 } })],
    ledger: (memory) => {
      const ledger = delegateLedger(memory);
      for (const question of unknown) ledger[question] = () => Promise.resolve(unavailable);
      return ledger;
    },
    readDrops: () => Promise.resolve(unavailable),
  });
  stage.occupy('presence-a', '7');
  stage.fanout.outcome = unavailable;
  return stage;
}

describe('while the state of the whole app is unknown', () => {
  test.each([
    ['channels', '/apps/1/channels', {}],
    ['channel', '/apps/1/channels/presence-a', {}],
    ['channel', '/apps/1/channels/presence-a', { info: 'user_count' }],
    ['users', '/apps/1/channels/presence-a/users', {}],
  ] as const)('GET %s (%s, %j) is 503', async (route, path, query) => {
    const { api } = stageWithout('channel', 'occupiedChannels');
    expect(await api[route](signedRequest('GET', path, { query }))).toEqual(refusal);
  });

  test('GET channels responds 503 if the counts of one of them are unknown', async () => {
    const { api } = stageWithout('channel');
    const ask = (query: Record<string, string>) =>
      api.channels(signedRequest('GET', '/apps/1/channels', { query }));
    expect(await ask({ info: 'subscription_count' })).toEqual(refusal);
    expect(await ask({})).toEqual({ json: '{"channels":{"presence-a":{}}}' });
  });

  test('GET webhooks/dropped responds 503', async () => {
    const { api } = stageWithout();
    expect(await api.droppedWebhooks(signedRequest('GET', '/apps/1/webhooks/dropped'))).toEqual(refusal);
  });

  test('POST terminate_connections responds 503, and closes what it can', async () => {
    const { api, fanout } = stageWithout();
    const request = signedRequest('POST', '/apps/1/users/7/terminate_connections', { body: '' });
    expect(await api.terminateConnections(request)).toEqual(refusal);
    expect(fanout.terminated).toEqual(['1/7']);
  });

  test('POST events publishes, and leaves out the requested counts', async () => {
    const { events, batch, fanout } = stageWithout('channel');
    const info = 'user_count,subscription_count';
    expect(await events({ name: 'n', channels: ['presence-a', 'b'], data: 'x', info })).toEqual({
      channels: { 'presence-a': {}, b: {} },
    });
    expect(await batch({ batch: [{ name: 'n', channel: 'b', data: 'x', info }] })).toEqual({ batch: [{}] });
    expect(fanout.channels.slice(-3)).toEqual(['presence-a', 'b', 'b']);
  });

  test('an invalid request still gets 400', async () => {
    const { get } = stageWithout('channel', 'occupiedChannels');
    expect(await get('users', '/apps/1/channels/news/users')).toMatch(/^400 /);
  });
});
