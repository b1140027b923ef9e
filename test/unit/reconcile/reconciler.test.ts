import { describe, expect, test } from 'vitest';
import { answerReconcile } from '../../../src/http-api/reconcile-request.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';

const served = endpoint({ reconcile: true });
const held = { ...served, heldSinceMs: 1 };
const news = channelName('news');

describe('an endpoint that is held', () => {
  test('is not brought back to the truth before it is released', async () => {
    const clock = new FakeClock();
    const appended: (readonly WebhookEvent[])[] = [];
    const reconciler = new Reconciler({
      clock,
      wallTime: { now: () => clock.now() },
      applications: [application({ endpoints: [held] })],
      recordsOf: () => [],
      steps: new TurnBudget(100, () => {}),
      outbox: () => ({ append: (_, events) => void appended.push(events) }),
      truthOf: () => ({ isOccupied: true, userIds: new Set() }),
      waitingFor: () => [],
      reconciled: () => {},
    });
    reconciler.onFact({
      kind: 'decided',
      appId: '1',
      endpoint: held,
      fate: 'overflow',
      events: [
        { event: { name: 'channel_occupied', channel: news }, json: '', bytes: 1, seq: 1, createdAt: 0 },
      ],
      webhookId: undefined,
      timeMs: undefined,
      deliveriesStarted: 0,
      attempts: 0,
      isUnsure: false,
    });
    await clock.advance(600_000);
    expect(appended).toEqual([]);
    reconciler.replace([application({ endpoints: [served] })]);
    await clock.advance(60_000);
    expect(appended).toEqual([[{ name: 'channel_occupied', channel: news, onlyFor: 'main' }]]);
    reconciler.stop();
  });

  test('cannot be reconciled on request', () => {
    const app = application({ endpoints: [held] });
    expect(answerReconcile(app, '{"endpoint":"main"}', () => 1)).toMatchObject({
      status: 409,
      text: expect.stringContaining("Endpoint 'main' is paused. Resume it first"),
    });
  });
});
