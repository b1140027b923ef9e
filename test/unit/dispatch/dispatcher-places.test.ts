import { expect, test } from 'vitest';
import type { Outcome, WebhookRequest, WebhookSender } from '../../../src/ports/webhook-sender.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { defaultPolicy } from '../../support/property/delivery-shell.ts';
import { createDispatcher } from '../../support/unit/create-dispatcher.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';

const requestTimeoutMs = 4000;

/** One endpoint that answers immediately among many that never do, or immediately refuse. */
function stage(others: 'silent' | 'refusing', count: number, total: number) {
  const clock = new FakeClock();
  const underWay = new Set<WebhookRequest>();
  const posted: { readonly channels: readonly string[]; readonly at: number }[] = [];
  const seen = { most: 0, mostTimers: 0 };
  const sender: WebhookSender = {
    send(request, timeoutMs): Promise<Outcome> {
      underWay.add(request);
      seen.most = Math.max(seen.most, underWay.size);
      seen.mostTimers = Math.max(seen.mostTimers, clock.pending);
      return new Promise((resolve) => {
        const end = (outcome: Outcome): void => {
          underWay.delete(request);
          resolve(outcome);
        };
        if (request.endpointId === 'good') {
          const { events } = JSON.parse(Buffer.from(request.body).toString()) as {
            events: { channel: string }[];
          };
          posted.push({ channels: events.map(({ channel }) => channel), at: clock.now() });
          end({ kind: 'answered', status: 200 });
        } else if (others === 'refusing') end({ kind: 'unreachable', code: 'ECONNREFUSED' });
        else clock.after(timeoutMs, () => end({ kind: 'timeout' }));
      });
    },
    close: async () => {},
  };
  const bad = Array.from({ length: count }, (_, index) =>
    endpoint({ id: `bad-${index}`, url: `http://bad-${index}/` }),
  );
  const places = new AttemptPlaces(total);
  const { dispatcher, append } = createDispatcher({
    clock,
    sender,
    applications: [application({ endpoints: [...bad, endpoint({ id: 'good', url: 'http://good/' })] })],
    requestTimeoutMs,
    policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents: 1 } },
    places,
  });
  const occupy = (channel: string): void =>
    append('1', [{ name: 'channel_occupied', channel: channelName(channel) }]);
  return { clock, dispatcher, places, posted, seen, occupy };
}

test.each(['silent', 'refusing'] as const)(
  'many endpoints that are %s never have more attempts in progress than there are places',
  async (others) => {
    const { clock, seen, occupy, posted } = stage(others, 200, 32);
    for (let event = 0; event < 20; event += 1) {
      occupy(`c${event}`);
      await clock.advance(200);
    }
    await clock.advance(60_000);
    expect(seen.most).toBeLessThanOrEqual(32);
    expect(posted).toHaveLength(20);
    // One for each endpoint and attempt: waiting for a place needs no timer that keeps ringing.
    expect(seen.mostTimers).toBeLessThanOrEqual(201 + 32);
  },
);

test('an endpoint that answers does not wait for those that do not', async () => {
  const { clock, occupy, posted, places } = stage('silent', 200, 32);
  occupy('first');
  // After its first turn, it is known to answer.
  await clock.advance((200 / 24 + 2) * requestTimeoutMs);
  const before = posted.length;
  for (let event = 0; event < 20; event += 1) {
    const at = clock.now();
    occupy(`c${event}`);
    await clock.advance(200);
    expect(posted.at(-1)).toEqual({ channels: [`c${event}`], at });
  }
  expect(posted).toHaveLength(before + 20);
  expect(places.waiting).toBeGreaterThan(0);
});

test('every endpoint that does not answer is tried nevertheless', async () => {
  const { clock, dispatcher, occupy, places } = stage('silent', 100, 16);
  occupy('a');
  await clock.advance(299_000);
  const failing = [...dispatcher.readQueues()].filter(({ isFailing }) => isFailing);
  expect(failing).toHaveLength(100);
  await clock.advance(60_000);
  expect([...dispatcher.readQueues()].every(({ events }) => events === 0)).toBe(true);
  expect([places.underWay, places.waiting]).toEqual([0, 0]);
  expect(clock.pending).toBe(0);
});

test('a shutdown with many silent endpoints leaves no place taken and nobody waiting', async () => {
  const { clock, dispatcher, occupy, places } = stage('silent', 100, 16);
  occupy('a');
  await clock.advance(0);
  const closed = dispatcher.close(1000);
  await clock.advance(1000);
  await closed;
  expect(places.waiting).toBe(0);
  await clock.advance(requestTimeoutMs);
  expect(places.underWay).toBe(0);
});

test('an endpoint has as many concurrent attempts as the policy currently allows', async () => {
  const clock = new FakeClock();
  let underWay = 0;
  let concurrency = 3;
  const sender: WebhookSender = {
    send: (_request, timeoutMs) =>
      new Promise((resolve) => {
        underWay += 1;
        clock.after(timeoutMs, () => {
          underWay -= 1;
          resolve({ kind: 'answered', status: 200 });
        });
      }),
    close: async () => {},
  };
  const { append } = createDispatcher({
    clock,
    sender,
    applications: [application({ endpoints: [endpoint({ id: 'slow', url: 'http://slow/' })] })],
    requestTimeoutMs,
    policy: {
      ...defaultPolicy,
      batch: { ...defaultPolicy.batch, maxEvents: 1 },
      get concurrency() {
        return concurrency;
      },
    },
  });
  for (let event = 0; event < 20; event += 1) {
    append('1', [{ name: 'channel_occupied', channel: channelName(`c${event}`) }]);
  }
  await clock.advance(1000);
  expect(underWay).toBe(3);
  concurrency = 1;
  await clock.advance(requestTimeoutMs);
  expect(underWay).toBe(1);
});
