import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { defaultPolicy } from '../../support/property/delivery-shell.ts';
import { wallStart } from '../../support/property/mortal-process.ts';
import { Stack } from '../../support/property/stack.ts';
import { application, endpoint } from '../../support/unit/application.ts';

const minute = 60_000;
const url = 'http://main/';

type Given = Pick<Endpoint, 'reconcile' | 'heldSinceMs'>;

const serving = (given: Given) => application({ endpoints: [endpoint({ url, ...given })] });

/**
 * A user comes and, after a while, leaves. Both events wait for the endpoint, which is removed. The user comes back, and the
 * endpoint is added again.
 */
async function begin(given: Given, { downMs = 0, staysMs = 1000 } = {}): Promise<Stack> {
  const app = serving(given);
  const grace = { disconnectMs: 0, unsubscribeMs: 0 };
  const stack = new Stack({ applications: [app], policy: defaultPolicy, grace });
  await stack.start();
  stack.receivers.get(url)?.downUntil(downMs);
  const client = stack.connect(app);
  client.subscribe('news');
  await stack.clock.advance(staysMs);
  client.unsubscribe('news');
  await stack.clock.advance(1000);
  stack.reload([{ ...app, endpoints: [] }]);
  await stack.clock.advance(0);
  client.subscribe('news');
  await stack.clock.advance(1000);
  stack.reload([app]);
  await stack.clock.advance(0);
  return stack;
}

const namesAt = (stack: Stack) => stack.receivers.get(url)?.taken.map(({ name }) => name);

describe('an endpoint that is removed while events wait for it, and added again', () => {
  test('is sent what it missed after the events that waited, if it is reconciled', async () => {
    const stack = await begin({ reconcile: true, heldSinceMs: wallStart });
    stack.reload([serving({ reconcile: true })]);
    await stack.clock.advance(10 * minute);
    expect(namesAt(stack)).toEqual(['channel_occupied', 'channel_vacated', 'channel_occupied']);
  });

  test.each([
    [
      'once it has been sent the events that waited',
      { downMs: 10_000 },
      ['channel_occupied', 'channel_vacated'],
    ],
    ['even if it missed something before', { downMs: 310_000, staysMs: 299_000 }, ['channel_vacated']],
  ])('is sent what it missed on request, %s', async (_, times, waited) => {
    const stack = await begin({}, times);
    await stack.clock.advance(10 * minute);
    expect(namesAt(stack)).toEqual(waited);
    expect((await stack.truth('1', 'main'))?.differences).toMatchObject([
      { channel: 'news', actual: 'there' },
    ]);
    expect(await stack.reconciler.reconcile('1', 'main')).toBe(1);
    await stack.clock.advance(minute);
    expect(namesAt(stack)).toEqual([...waited, 'channel_occupied']);
  });
});
