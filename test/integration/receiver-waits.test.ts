import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EmulatorError } from '../../src/index.ts';
import { added, occupied, post, start } from './support/receiver.ts';

describe('waiting for an event', () => {
  test('finds one that has been received, and one that will be', async () => {
    const receiver = await start();
    await post(receiver);
    expect(await receiver.waitFor({ name: 'channel_occupied', channel: 'presence-a' })).toEqual(occupied);
    const waiting = receiver.waitFor((event) => 'user_id' in event && event.user_id === '7');
    await post(receiver, { events: [added] });
    expect(await waiting).toEqual(added);
    expect(await receiver.waitFor({ channel: /^presence-/g, user_id: /\d/ })).toEqual(added);
  });

  test('counts those that match', async () => {
    const receiver = await start();
    await post(receiver, { events: [added] });
    const third = receiver.waitFor({ name: 'member_added' }, { nth: 3 });
    await post(receiver, { events: [{ ...added, user_id: '8' }, occupied] });
    await post(receiver, { events: [{ ...added, user_id: '9' }] });
    expect(await third).toEqual({ ...added, user_id: '9' });
  });

  test('in vain reports what was received instead', async () => {
    const receiver = await start();
    const nothing = receiver.waitFor({ name: 'cache_miss' }, { timeoutMs: 1 });
    await expect(nothing).rejects.toThrow('timed out after 1 ms: no matching event arrived. None arrived.');
    await expect(nothing).rejects.toBeInstanceOf(EmulatorError);
    await expect(nothing).rejects.toMatchObject({
      code: 'ERR_WEBHOOK_MISSING',
      message: expect.stringContaining('use soketify.webhooks.waitFor(), which moves it') as string,
      stack: expect.stringContaining('receiver-waits.test.ts') as string,
    });
    await post(receiver);
    await expect(receiver.waitFor({ name: 'cache_miss' }, { timeoutMs: 1 })).rejects.toThrow(
      /The last of the 1 that arrived:\n {2}{"name":"channel_occupied"/,
    );
  });

  test('in vain reports the webhooks that were not accepted', async () => {
    const receiver = await start();
    await post(receiver, { secret: 'other' });
    await expect(receiver.waitFor({}, { timeoutMs: 1 })).rejects.toThrow(
      /None arrived\.\nWebhooks that were not accepted: 1; the last one was not verified \(wrong_secret\): /,
    );
    receiver.respondWith({ status: 503, times: 1 });
    await post(receiver);
    await expect(receiver.waitFor({}, { timeoutMs: 1 })).rejects.toThrow(
      /not accepted: 2; .* was answered 503\.\nA receiver does not move the clock\./,
    );
  });

  test.each([
    [{ nam: 'a' }, {}, "events have no field 'nam'; expected one of name, channel"],
    [{ name: 'member_add' }, {}, 'name: expected one of channel_occupied'],
    ['member_added', {}, "expected fields of an event such as { name: 'member_removed'"],
    [{ user_id: undefined }, {}, 'user_id: expected a string or a regular expression, got nothing'],
    [{}, { timeoutMs: 'a' }, "timeoutMs: expected milliseconds, 0 or more, got 'a'"],
    [{}, { timeout: 1 }, "the options of waiting: unknown field 'timeout'; expected one of timeoutMs, nth"],
  ])('refuses %j with %j, for which nothing would ever arrive', async (match, wait: object, message) => {
    const receiver = await start();
    const refused = receiver.waitFor(match as object, wait);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  });

  test('gives up even with fake timers', async () => {
    const receiver = await start();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await expect(receiver.waitFor({}, { timeoutMs: 1 })).rejects.toThrow('timed out after 1 ms');
  });

  test('does not begin once the receiver is closed', async () => {
    const receiver = await start();
    await post(receiver);
    await receiver.close();
    expect(await receiver.waitFor({ name: 'channel_occupied' })).toEqual(occupied);
    await expect(receiver.waitFor({ name: 'member_added' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('may take as long as it needs', async () => {
    const receiver = await start();
    const waiting = receiver.waitFor({ name: 'channel_occupied' }, { timeoutMs: Infinity });
    await post(receiver);
    expect(await waiting).toEqual(occupied);
  });

  test('ends with what its match throws, and affects neither the webhook nor other waits', async () => {
    const receiver = await start();
    const other = receiver.waitFor({ name: 'channel_occupied' });
    const ended = expect(
      receiver.waitFor(() => {
        throw new Error('no data');
      }),
    ).rejects.toThrow('no data');
    expect((await post(receiver)).status).toBe(200);
    await ended;
    expect(await other).toEqual(occupied);
    await receiver.close();
  });

  test('ends with the receiver', async () => {
    const receiver = await start();
    const waiting = expect(receiver.waitForWebhook()).rejects.toMatchObject({
      code: 'ERR_CLOSED',
      message: 'The receiver was closed: no matching webhook arrived. None arrived.',
    });
    await receiver.close();
    await waiting;
    await receiver.close();
    await expect(fetch(receiver.url)).rejects.toThrow('fetch failed');
  });
});
