import { expect, test } from 'vitest';
import { Checks } from '../../../src/reconcile/checks.ts';
import { newDebtor } from '../../../src/reconcile/debtor.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { channelName, endpoint } from '../../support/unit/application.ts';

/** Comparisons that the test ends. */
function stage() {
  const clock = new FakeClock();
  const asked: { readonly channel: string; readonly end: (sent: number | undefined) => Promise<void> }[] = [];
  const settled: string[] = [];
  const waiting: WebhookEvent[] = [];
  const debtor = newDebtor('1', endpoint({ reconcile: true }));
  const other = newDebtor('1', endpoint({ id: 'other', reconcile: true }));
  const checks = new Checks(
    {
      clock,
      correct: ({ channel }) =>
        new Promise((resolve) => {
          const end = async (sent: number | undefined): Promise<void> => {
            resolve(sent);
            await settle();
          };
          asked.push({ channel, end });
        }),
      waitingFor: () => waiting,
    },
    () => [debtor, other],
    (_, channel) => void settled.push(channel),
  );
  const drop = (channel: string, seq: number) =>
    debtor.debts.dropped({ name: 'channel_occupied', channel: channelName(channel) }, seq);
  const look = async (): Promise<void> => {
    checks.lookIn(debtor, 0);
    await clock.advance(0);
  };
  return { clock, asked, settled, waiting, debtor, other, checks, drop, look };
}

test('an endpoint that believes the truth, and for which nothing waits, has missed nothing any more', async () => {
  const { asked, settled, drop, look } = stage();
  drop('news', 1);
  await look();
  await asked[0]?.end(0);
  expect(settled).toEqual(['news']);
});

test('what was sent is compared again once it has arrived, and not before', async () => {
  const { asked, settled, waiting, drop, look } = stage();
  drop('news', 1);
  await look();
  // The answer has not arrived.
  await look();
  await asked[0]?.end(1);
  waiting.push({ name: 'channel_occupied', channel: channelName('news') });
  await look();
  expect(asked).toHaveLength(1);
  waiting.pop();
  await look();
  await asked[1]?.end(0);
  expect(settled).toEqual(['news']);
});

test('if something is dropped during a comparison, the debt remains, and is compared again', async () => {
  const { asked, settled, debtor, drop, look } = stage();
  drop('news', 1);
  await look();
  debtor.checks.delete(channelName('news'));
  await asked[0]?.end(0);
  expect(settled).toEqual([]);
  await look();
  await asked[1]?.end(0);
  expect(settled).toEqual(['news']);
});

test('if the truth is unknown, it is asked for again a second later', async () => {
  const { clock, asked, settled, drop, look } = stage();
  drop('news', 1);
  await look();
  await asked[0]?.end(undefined);
  await clock.advance(999);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  await asked[1]?.end(0);
  expect(settled).toEqual(['news']);
});

test('at most 200 channels are compared at the same time', async () => {
  const { clock, asked, settled, drop, look } = stage();
  for (let number = 0; number < 450; number += 1) drop(`news-${number}`, number + 1);
  await look();
  await clock.advance(10);
  expect(asked).toHaveLength(200);
  await asked[0]?.end(0);
  await clock.advance(10);
  expect(asked).toHaveLength(201);
  for (let next = 1; next < asked.length; next += 1) {
    await asked[next]?.end(0);
    await clock.advance(0);
  }
  expect(settled).toHaveLength(450);
});

test('an endpoint waits for those of another one, and no longer', async () => {
  const { clock, asked, other, checks, drop, look } = stage();
  for (let number = 0; number < 200; number += 1) drop(`news-${number}`, number + 1);
  other.debts.dropped({ name: 'channel_occupied', channel: channelName('late') }, 1);
  checks.lookIn(other, 0);
  await look();
  expect(asked).toHaveLength(200);
  await asked[0]?.end(0);
  await clock.advance(0);
  expect(asked.at(-1)?.channel).toBe('late');
});

test('an answer that arrives after the end changes nothing', async () => {
  const { asked, settled, checks, drop, look } = stage();
  drop('news', 1);
  await look();
  checks.stop();
  await asked[0]?.end(0);
  expect(settled).toEqual([]);
});
