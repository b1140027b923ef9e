import { describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../../../src/http-api/api-answer.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { apiStage } from '../../support/unit/api-stage.ts';
import { deadLetter, officeStage, startedAtMs } from '../../support/unit/dead-letters.ts';
import { signedRequest } from '../../support/unit/signed-request.ts';

const deliveries = '/apps/1/webhooks/deliveries';
const recoveries = '/apps/1/webhooks/recover';

function stage(given: Parameters<typeof officeStage>[0] = {}) {
  const made = officeStage(given);
  const { api } = apiStage({ letters: made.office });
  const read = async (answer: ApiAnswer | Promise<ApiAnswer>): Promise<unknown> => {
    const settled = await answer;
    if (!('json' in settled)) return `${settled.status} ${settled.text}`;
    const json = JSON.parse(settled.json) as unknown;
    return settled.status === undefined ? json : [settled.status, json];
  };
  return {
    ...made,
    list: (query: Record<string, string> = {}) =>
      read(api.deliveries(signedRequest('GET', deliveries, { query }))),
    show: (id: string) => read(api.delivery(signedRequest('GET', `${deliveries}/${id}`))),
    resend: (id: string) => read(api.resend(signedRequest('POST', `${deliveries}/${id}/resend`))),
    recover: (content: unknown) => {
      const body = typeof content === 'string' ? content : JSON.stringify(content);
      return read(api.recover(signedRequest('POST', recoveries, { body })));
    },
    progress: (id: string) => read(api.recovery(signedRequest('GET', `${recoveries}/${id}`))),
    cancel: (id: string) => read(api.cancelRecovery(signedRequest('DELETE', `${recoveries}/${id}`))),
  };
}

const tried = deadLetter({
  channels: ['news'],
  attempts: [{ number: 1, timeMs: 5, elapsedMs: 2, result: 'refused', status: 500, answer: 'no' }],
  attemptsMade: 1,
});

const letter = {
  id: 'msg_1',
  endpoint: 'main',
  reason: 'expired',
  dropped_at: startedAtMs,
  resends: 0,
  time_ms: startedAtMs,
  events: [{ name: 'channel_occupied', channel: 'news' }],
  attempts_made: 1,
  attempts: [{ number: 1, time_ms: 5, elapsed_ms: 2, result: 'refused', status: 500, answer: 'no' }],
};

describe('GET webhooks/deliveries', () => {
  test('lists in full what was dropped, for this app only', async () => {
    const { store, list } = stage();
    store.add(tried);
    store.add(deadLetter({ appId: '2' }));
    expect(await list()).toEqual({
      deliveries: [letter],
      forgotten: { deliveries: 0, events: 0 },
      kept_since: startedAtMs,
    });
  });

  test('has pages of a hundred letters, or of the requested number', async () => {
    const { store, list } = stage();
    for (let number = 0; number < 150; number += 1) store.add(deadLetter({ id: `msg_${number}` }));
    const first = (await list()) as { deliveries: { id: string }[]; next: string };
    expect(first.deliveries).toHaveLength(100);
    expect(await list({ cursor: first.next, limit: '1' })).toMatchObject({ deliveries: [{ id: 'msg_49' }] });
    expect(await list({ limit: '1000' })).not.toHaveProperty('next');
  });

  test.each([
    { endpoint: 'main' },
    { reason: 'expired' },
    { channel: 'news' },
    { event: 'channel_occupied' },
    { since: String(startedAtMs) },
    { since: '2023-11-14T22:13:20Z', until: '2023-11-14T23:13:20.000+01:00' },
  ])('finds letters by %j', async (query) => {
    const { store, list } = stage();
    store.add(tried);
    store.add(
      deadLetter({
        id: 'other',
        endpointId: 'other',
        reason: 'overflow',
        droppedAtMs: startedAtMs - 1,
        events: [
          {
            name: 'cache_miss',
            channel: channelName('cache-news'),
            json: '{"name":"cache_miss","channel":"cache-news"}',
          },
        ],
      }),
    );
    expect(await list(query)).toMatchObject({ deliveries: [{ id: 'msg_1' }] });
  });

  test('finds letters of a channel whose name is longer than the limit, which was lowered later', async () => {
    const { store, list } = stage();
    const channel = 'x'.repeat(165);
    store.add(deadLetter({ channels: [channel] }));
    expect(await list({ channel })).toMatchObject({ deliveries: [{ id: 'msg_1' }] });
  });

  test.each([
    [{ reason: 'undone' }, "reason must be one of expired, overflow, shutdown, disabled, but got 'undone'"],
    [{ event: 'news' }, 'event must be one of channel_occupied, '],
    [{ channel: 'a b' }, "Invalid channel name: 'a b'"],
    [{ since: 'yesterday' }, 'since must be milliseconds since 1970, or a time such as '],
    [{ until: '2026-13-01T00:00:00Z' }, 'until must be '],
    [{ until: '2026-01-01T00:00:00' }, 'until must be '],
    [{ limit: '0' }, "limit must be a whole number from 1 to 1000, but got '0'"],
    [{ limit: '1001' }, 'limit must be '],
    [{ limit: 'all' }, 'limit must be '],
    [{ cursor: 'x' }, 'cursor must be the "next" of a page '],
    [{ endpoints: 'main' }, "Unknown parameter 'endpoints': expected one of endpoint, reason, "],
  ])('refuses %j', async (query, text) => {
    const { list } = stage();
    expect(await list(query as unknown as Record<string, string>)).toContain(`400 ${text}`);
  });
});

describe('GET webhooks/deliveries/DELIVERY', () => {
  test('returns that delivery', async () => {
    const { store, show } = stage();
    store.add(tried);
    expect(await show('msg_1')).toEqual(letter);
  });

  test('responds 404 for an unknown one', async () => {
    const { show } = stage();
    expect(await show('msg_2')).toBe(
      "404 No dropped delivery 'msg_2' is kept: it was not dropped, or is no longer kept",
    );
  });
});

describe('POST webhooks/deliveries/DELIVERY/resend', () => {
  test('responds with the result, which the letter then contains', async () => {
    const { store, resend, sender, clock, show } = stage();
    store.add(tried);
    const answer = resend('msg_1');
    await clock.advance(0);
    const post = sender.expectPost();
    await clock.advance(3);
    await post.fail({ kind: 'answered', status: 204, body: 'ok' });
    expect(await answer).toEqual({
      status: 204,
      result: 'success',
      elapsed_ms: 3,
      answer: 'ok',
      attempt: 2,
      resend: 1,
    });
    expect(await show('msg_1')).toMatchObject({
      resends: 1,
      resent_at: startedAtMs + 3,
      attempts_made: 2,
      attempts: [{ number: 1 }, { number: 2, resend: 1, result: 'success' }],
    });
  });

  test('responds with a failure as a result', async () => {
    const { store, resend, sender, clock } = stage();
    store.add(tried);
    const answer = resend('msg_1');
    await clock.advance(0);
    await sender.expectPost().fail({ kind: 'unreachable', code: 'ECONNREFUSED' });
    expect(await answer).toEqual({
      result: 'unreachable',
      error: 'ECONNREFUSED',
      elapsed_ms: 0,
      attempt: 2,
      resend: 1,
    });
  });

  test('responds 404 for an unknown letter, and 409 while it is being sent', async () => {
    const { store, resend, clock, sender } = stage();
    expect(await resend('msg_1')).toMatch(/^404 No dropped delivery 'msg_1'/);
    store.add(tried);
    const first = resend('msg_1');
    await clock.advance(0);
    expect(await resend('msg_1')).toBe("409 Delivery 'msg_1' is being sent right now");
    await sender.expectPost().answer(200);
    await first;
  });

  test('responds 409 for an endpoint that is removed, disabled or paused', async () => {
    const { store, resend, recover, dispatcher } = stage();
    store.add(tried);
    dispatcher.replace([application({ endpoints: [endpoint({ heldSinceMs: startedAtMs })] })]);
    expect(await resend('msg_1')).toBe(
      '409 Not sent: the endpoint of this delivery is paused. Resume it first',
    );
    expect(await recover({ endpoint: 'main' })).toBe(
      "409 Nothing is sent: endpoint 'main' is paused. Resume it first",
    );
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    expect(await resend('msg_1')).toBe(
      '409 Not sent: the endpoint of this delivery is disabled or paused. Enable or resume it first',
    );
    dispatcher.replace([application({ endpoints: [] })]);
    expect(await resend('msg_1')).toBe('409 Not sent: the endpoint of this delivery is no longer configured');
  });

  test('responds 503 without a place for an attempt', async () => {
    const { store, resend, clock } = stage({ places: new AttemptPlaces(0) });
    store.add(tried);
    const answer = resend('msg_1');
    await clock.advance(4000);
    expect(await answer).toMatch(/^503 No attempt was made: /);
  });
});

describe('POST webhooks/recover', () => {
  test('starts, reports its progress, and ends', async () => {
    const { store, recover, progress, cancel, sender, clock } = stage();
    store.add(tried);
    store.add(deadLetter({ id: 'msg_2', timeMs: startedAtMs + 1, channels: ['a', 'b'] }));
    expect(await recover({ endpoint: 'main', dry_run: true })).toEqual({
      matched: { deliveries: 2, events: 3 },
    });
    const [status, started] = (await recover({ endpoint: 'main', since: '2023-11-14T22:13:20Z' })) as [
      number,
      { id: string },
    ];
    expect([status, started]).toEqual([202, { id: started.id, matched: { deliveries: 2, events: 3 } }]);
    await clock.advance(0);
    await sender.expectPost().answer(200);
    const far = { id: started.id, endpoint: 'main', matched: { deliveries: 2, events: 3 }, skipped: 0 };
    expect(await progress(started.id)).toEqual({ ...far, state: 'running', sent: 1, failed: 0, left: 1 });
    expect(await recover({ endpoint: 'main' })).toBe(
      "409 A recovery of endpoint 'main' is in progress. Wait for it, or cancel it with DELETE",
    );
    expect(await cancel(started.id)).toMatchObject({ state: 'cancelled', left: 1 });
    await sender.expectPost().answer(500);
    expect(await progress(started.id)).toEqual({ ...far, state: 'cancelled', sent: 1, failed: 1, left: 0 });
  });

  test.each([
    ['', 'Invalid body: expected a JSON object, got nothing'],
    ['[]', 'Invalid body: expected a JSON object, got an empty array'],
    [{}, 'Missing parameter: endpoint, the id of an endpoint'],
    [{ endpoint: 1 }, 'Missing parameter: endpoint, the id of an endpoint'],
    [
      { endpoint: 'main', dryRun: true },
      "Unknown parameter 'dryRun': expected one of endpoint, since, dry_run",
    ],
    [{ endpoint: 'main', dry_run: 'yes' }, 'dry_run must be true or false'],
    [{ endpoint: 'main', since: 'now' }, 'since must be '],
    [{ endpoint: 'main', since: 1.5 }, 'since must be '],
    [{ endpoint: 'main', since: -1 }, 'since must be '],
    [{ endpoint: 'main', since: null }, 'since must be '],
    [{ endpoint: 'main', since: { at: 1 } }, 'since must be '],
  ])('refuses %j', async (body, text) => {
    const { recover, store, sender } = stage();
    store.add(tried);
    expect(await recover(body)).toContain(`400 ${text}`);
    sender.expectNoPost();
  });

  test('responds 409 for an endpoint that is missing or disabled', async () => {
    const { recover, dispatcher } = stage();
    expect(await recover({ endpoint: 'nobody' })).toBe(
      "409 Nothing is sent: the app has no endpoint 'nobody'",
    );
    dispatcher.replace([application({ endpoints: [endpoint({ isEnabled: false })] })]);
    expect(await recover({ endpoint: 'main', dry_run: true })).toBe(
      "409 Nothing is sent: endpoint 'main' is disabled or paused. Enable or resume it first",
    );
  });

  test('responds 404 for an unknown id', async () => {
    const { progress, cancel } = stage();
    for (const ask of [progress, cancel]) {
      expect(await ask('rec_1')).toBe(
        "404 No recovery 'rec_1': there was none, or it is no longer remembered",
      );
    }
  });
});

test('responds 503, not an empty list, on a node without the letters', async () => {
  const { list, show, resend, recover, progress, cancel } = stage({ isHere: () => false });
  const answers = [
    await list(),
    await show('msg_1'),
    await resend('msg_1'),
    await recover({ endpoint: 'main' }),
    await recover({ endpoint: 'main', dry_run: true }),
    await progress('rec_1'),
    await cancel('rec_1'),
  ];
  expect(new Set(answers)).toEqual(
    new Set([
      '503 Dropped deliveries are not known here: one of the nodes keeps those of all nodes. Ask the node whose /healthz contains "dropped":"kept here"',
    ]),
  );
});

test('requires the signature of the app everywhere', async () => {
  const { api } = apiStage();
  const unsigned = { ...signedRequest('GET', deliveries), rawQuery: '' };
  for (const route of [
    'deliveries',
    'delivery',
    'resend',
    'recover',
    'recovery',
    'cancelRecovery',
  ] as const) {
    expect(await api[route](unsigned)).toMatchObject({ status: 401 });
  }
});
