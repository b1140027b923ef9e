import { describe, expect, test } from 'vitest';
import { answerReconcile } from '../../../src/http-api/reconcile-request.ts';
import { createCorrect } from '../../../src/reconcile/correct.ts';
import { mostSubjects } from '../../../src/reconcile/debtor.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import type { Decided } from '../../../src/webhooks/delivery-facts.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';

const served = endpoint({ reconcile: true });
const held = { ...served, heldSinceMs: 1 };
const news = channelName('news');

/** An event was dropped. */
const overflow = (of: Endpoint, event: WebhookEvent, seq: number): Decided => ({
  kind: 'decided',
  appId: '1',
  endpoint: of,
  fate: 'overflow',
  events: [{ event, json: '', bytes: 1, seq, createdAt: 0 }],
  webhookId: undefined,
  timeMs: undefined,
  deliveriesStarted: 0,
  attempts: 0,
  isUnsure: false,
  mayHaveArrived: false,
});

test('what is dropped while the truth is being asked for is compared again', async () => {
  const clock = new FakeClock();
  const answers: ((sent: number) => void)[] = [];
  const believed: (boolean | undefined)[] = [];
  const reconciled: string[] = [];
  const reconciler = new Reconciler({
    clock,
    wallTime: { now: () => clock.now() },
    applications: [application({ endpoints: [served] })],
    recordsOf: () => [],
    steps: new TurnBudget(100, () => {}),
    correct(believer) {
      believed.push(believer.believed.get(''));
      return new Promise((resolve) => void answers.push(resolve));
    },
    waitingFor: () => [],
    reconciled: (_appId, _endpoint, channel) => void reconciled.push(channel),
  });
  reconciler.onFact(overflow(served, { name: 'channel_vacated', channel: news }, 1));
  await clock.advance(60_000);
  expect(believed).toEqual([true]);
  reconciler.onFact(overflow(served, { name: 'channel_occupied', channel: news }, 2));
  answers[0]?.(0);
  await clock.advance(0);
  expect(reconciled).toEqual([]);
  await clock.advance(60_000);
  answers[1]?.(0);
  await clock.advance(0);
  expect(believed).toEqual([true, true]);
  expect(reconciled).toEqual([news]);
  reconciler.stop();
});

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
      correct: createCorrect({
        outbox: () => ({ append: (_, events) => void appended.push(events) }),
        truthOf: () => ({ isOccupied: true, userIds: new Set() }),
      }),
      waitingFor: () => [],
      reconciled: () => {},
    });
    reconciler.onFact(overflow(held, { name: 'channel_occupied', channel: news }, 1));
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

test('what was reported before an endpoint was added, and for which there is no room, is stored as unknown', () => {
  const clock = new FakeClock();
  const overflowed: (readonly [channel: string, seq: number])[] = [];
  const reconciler = new Reconciler({
    clock,
    wallTime: { now: () => clock.now() },
    applications: [application({ endpoints: [served] })],
    recordsOf: () => [],
    steps: new TurnBudget(100, () => {}),
    correct: () => undefined,
    waitingFor: () => [],
    reconciled: () => {},
    keeper: {
      changed: () => {},
      overflowed: ({ channel }, seq) => void overflowed.push([channel, seq]),
      received: () => {},
    },
  });
  for (let number = 0; number <= mostSubjects; number += 1) {
    const channel = channelName(`room-${number}`);
    reconciler.missedBefore('1', served, { channel, subjects: [''], seq: 5 });
  }
  expect(overflowed).toEqual([[`room-${mostSubjects}`, 5]]);
});
