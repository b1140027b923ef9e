import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Emulator } from '../../../src/index.ts';
import { connect, start, startStage } from '../support/emulator.ts';

const waits: readonly (readonly [name: string, begin: (emulator: Emulator) => Promise<unknown>])[] = [
  ['webhooks.waitFor', ({ webhooks }) => webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 60_000 })],
  ['webhooks.expectNone', ({ webhooks }) => webhooks.expectNone({}, { withinMs: 60_000 })],
  ['published.waitFor', ({ published }) => published.waitFor({}, { timeoutMs: 60_000 })],
  ['published.expectNone', ({ published }) => published.expectNone({}, { withinMs: 60_000 })],
];

test.each(waits)('a pending %s ends with a reset, with a code', async (_, begin) => {
  const emulator = await start();
  const waiting = begin(emulator);
  const ended = expect(waiting).rejects.toMatchObject({
    code: 'ERR_RESET',
    message: expect.stringContaining('is an await missing') as string,
  });
  await emulator.reset();
  await ended;
});

test.each(waits)('a pending %s ends when the emulator closes, with a code', async (_, begin) => {
  const emulator = await start();
  const ended = expect(begin(emulator)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await emulator.close();
  await ended;
});

test('a pending idle ends with a reset', async () => {
  const { emulator } = await startStage({ clock: 'real' });
  emulator.faults.webhooks({ timeout: true });
  await (await connect(emulator)).subscribe('news');
  const ended = expect(emulator.idle({ timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'ERR_RESET' });
  await emulator.reset();
  await ended;
});

test('a wait for one app ends only with a reset of that app', async () => {
  const emulator = await start({ apps: [{}, {}] });
  const [one, two] = [emulator.app('1'), emulator.app('2')];
  let isDone = false;
  const later = one.published.waitFor({}, { timeoutMs: 60_000 }).finally(() => (isDone = true));
  const ended = expect(later).rejects.toMatchObject({ code: 'ERR_RESET' });
  await two.reset();
  await two.idle();
  expect(isDone).toBe(false);
  await one.reset();
  await ended;
});

test('a wait for an app that is removed reports that the app is unknown', async () => {
  const emulator = await start();
  const app = await emulator.createApp({ id: 'mine' });
  const waiting = app.webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 60_000 });
  const ended = expect(waiting).rejects.toMatchObject({ code: 'ERR_APP_UNKNOWN' });
  await emulator.removeApp('mine');
  await ended;
});

test('the error of a wait names the caller', async () => {
  const emulator = await start();
  async function callingTest(): Promise<readonly unknown[]> {
    const { webhooks, published } = emulator;
    return Promise.all([
      webhooks.waitFor({ name: 'cache_miss' }, { timeoutMs: 0 }).catch((error: unknown) => error),
      published.waitFor({}, { timeoutMs: 0 }).catch((error: unknown) => error),
      emulator.idle({ timeoutMs: -1 }).catch((error: unknown) => error),
    ]);
  }
  for (const error of await callingTest()) {
    const [first, second] = (error as Error).stack?.split(/\n {4}at /).slice(0, 2) ?? [];
    expect(first).toMatch(/^EmulatorError \[ERR_\w+\]: /);
    expect(second).toMatch(/^callingTest .*pending\.test\.ts:\d+/);
  }
});

test('console.log shows address, apps and clock', async () => {
  const emulator = await start({ clock: 'virtual', apps: [{}, {}] });
  await emulator.clock.advance(3000);
  expect(inspect(emulator)).toMatch(
    /^Emulator \{\s+url: 'http:\/\/127\.0\.0\.1:\d+',\s+apps: \[ '1', '2' \],\s+clock: 'virtual, at 3000 ms'\s+\}$/,
  );
  const [one, two] = [emulator.app('1'), emulator.app('2')];
  expect(inspect(two)).toBe("EmulatorApp { id: '2', key: 'app-key-2' }");
  await emulator.removeApp('2');
  expect(inspect(two)).toBe("EmulatorApp { id: '2', state: 'removed' }");
  expect(two.id).toBe('2');
  await emulator.close();
  expect(inspect(emulator)).toContain("apps: 'closed'");
  expect(inspect(one)).toBe("EmulatorApp { id: '1', state: 'closed' }");
});

test('faults are refused after close', async () => {
  const emulator = await start();
  const { faults } = emulator;
  await emulator.close();
  for (const inject of [
    () => faults.connections({ refuse: 4100 }),
    () => faults.connections({ drop: 'all' }),
    () => faults.api({ status: 500 }),
    () => faults.webhooks({ status: 500 }),
  ])
    expect(inject).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
});
