import { expect, onTestFinished, test, vi } from 'vitest';
import { startReceiver, type Emulator, type EmulatorDelivery } from '../../../src/index.ts';
import { connect, enter, start } from '../support/emulator.ts';

/** In both parts of a test, a user joins and leaves while the endpoint fails at first. Returns what a snapshot of each part would contain. */
async function run(seed: number | undefined, url: string): Promise<readonly unknown[]> {
  const emulator = await start({
    clock: 'virtual',
    ...(seed !== undefined && { seed }),
    now: () => Date.now(),
    apps: [{ webhooks: [{ url, id: 'backend' }] }],
  });
  const parts = [await visit(emulator)];
  await emulator.reset();
  return [...parts, await visit(emulator)];
}

async function visit(emulator: Emulator): Promise<unknown> {
  const startedAt = emulator.clock.now();
  const [first, second] = [await connect(emulator), await connect(emulator)];
  await enter(first, emulator, 'presence-room', '42');
  emulator.faults.webhooks({ status: 500, times: 2 });
  await emulator.webhooks.waitFor({ name: 'member_added', user_id: '42' });
  await enter(second, emulator, 'presence-room', '43');
  await first.leave();
  await emulator.webhooks.waitFor({ name: 'member_removed' });
  await second.leave();
  await emulator.webhooks.waitFor({ name: 'channel_vacated' });
  await emulator.idle();
  const { events, deliveries } = emulator;
  return {
    startedAt,
    socketIds: [first.socketId, second.socketId],
    events,
    deliveries: deliveries.map(withoutEpoch),
  };
}

/** Each emulator has its own epoch, which is in a header of its webhooks. */
function withoutEpoch(delivery: EmulatorDelivery): unknown {
  const attempts = delivery.attempts.map((attempt) => {
    const headers = Object.entries(attempt.headers).filter(([name]) => name !== 'X-Soketify-Epoch');
    return { ...attempt, headers };
  });
  return { ...delivery, attempts };
}

test('the same seed gives the same ids, times, bodies and signatures, also after a reset', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  onTestFinished(() => void vi.useRealTimers());
  await using receiver = await startReceiver();
  const first = await run(7, receiver.url);
  expect(receiver.state()).toMatchObject({ occupied: [], contradictions: [] });
  receiver.reset();
  expect(await run(7, receiver.url)).toEqual(first);
  expect(JSON.stringify(first)).toContain('"attempts":[{"number":1');
  receiver.reset();
  expect(await run(8, receiver.url)).not.toEqual(first);
});

test('without a seed no id repeats, so that a receiver that outlives the emulator treats nothing as a duplicate', async () => {
  await using receiver = await startReceiver();
  await run(undefined, receiver.url);
  await run(undefined, receiver.url);
  const accepted = receiver.webhooks.filter(({ isAccepted }) => isAccepted);
  expect(accepted.map(({ isDuplicate }) => isDuplicate)).not.toContain(true);
});
