import { describe, expect, test } from 'vitest';
import { TurnBudget } from '../../../src/structures/turn-budget.ts';
import { settle } from '../../support/fake-clock.ts';
import { apiStage } from '../../support/unit/api-stage.ts';
import { application } from '../../support/unit/application.ts';
import { FakeTurns } from '../../support/turns.ts';

const path = '/apps/1/channels';
const app = (channelsPerAnswer: number) => application({ limits: { channelsPerAnswer } });

function stage(channels: readonly string[], given: Parameters<typeof apiStage>[0] = {}) {
  const built = apiStage(given);
  for (const channel of channels) built.occupy(channel, channel.startsWith('presence-') ? '7' : undefined);
  return { ...built, list: (query: Record<string, string> = {}) => built.get('channels', path, query) };
}

describe('the list of channels', () => {
  test('is refused if it would be longer than a response may be, with what to do', async () => {
    const { list, occupy } = stage(['a', 'b', 'c'], { apps: [app(3)] });
    expect(await list()).toEqual({ channels: { a: {}, b: {}, c: {} } });
    occupy('d');
    expect(await list()).toBe(
      '400 There are more than 3 occupied channels, the maximum in one response. Request a page with limit=3, and each further page with the "next" of the previous page as after; the last page has no "next"',
    );
  });

  test('may be narrowed to as many as fit', async () => {
    const { list } = stage(['a-1', 'a-2', 'b-1'], { apps: [app(2)] });
    expect(await list({ filter_by_prefix: 'a-' })).toEqual({ channels: { 'a-1': {}, 'a-2': {} } });
    expect(await list({ filter_by_prefix: 'x' })).toEqual({ channels: {} });
  });

  test('has pages, each with the start of the next one', async () => {
    const { list } = stage(['d', 'b', 'e', 'a', 'c']);
    const info = 'subscription_count';
    const one = { subscription_count: 1 };
    expect(await list({ limit: '2', info })).toEqual({ channels: { a: one, b: one }, next: 'b' });
    expect(await list({ limit: '2', info, after: 'b' })).toEqual({ channels: { c: one, d: one }, next: 'd' });
    expect(await list({ limit: '2', info, after: 'd' })).toEqual({ channels: { e: one } });
    expect(await list({ after: 'c' })).toEqual({ channels: { d: {}, e: {} } });
  });

  test('has pages across channels whose names are longer than the limit, which was lowered after they were occupied', async () => {
    const apps = [application({ limits: { channelNameLength: 2 } })];
    const { list } = stage(['long-a', 'long-b', 'long-c'], { apps });
    expect(await list({ limit: '2' })).toEqual({ channels: { 'long-a': {}, 'long-b': {} }, next: 'long-b' });
    expect(await list({ limit: '2', after: 'long-b' })).toEqual({ channels: { 'long-c': {} } });
  });

  test('also has pages within a prefix, and continues after a channel that is gone', async () => {
    const { list } = stage(['presence-a', 'presence-b', 'presence-c', 'room']);
    const query = { filter_by_prefix: 'presence-', info: 'user_count', limit: '1' };
    expect(await list({ ...query, after: 'presence-aa' })).toEqual({
      channels: { 'presence-b': { user_count: 1 } },
      next: 'presence-b',
    });
    expect(await list({ ...query, after: 'presence-b' })).toEqual({
      channels: { 'presence-c': { user_count: 1 } },
    });
  });

  test.each([
    ['limit', '0'],
    ['limit', '-1'],
    ['limit', '5001'],
    ['limit', 'all'],
    ['limit', ''],
    ['limit', '9'.repeat(400)],
    ['after', ''],
    ['after', 'not a name'],
    ['after', 'ä'],
  ])('is refused with %s=%s', async (key, value) => {
    const { list } = stage(['a']);
    const wanted = key === 'limit' ? 'a whole number from 1 to 5000' : 'a channel name';
    expect(await list({ [key]: value })).toMatch(`400 ${key} must be ${wanted}`);
  });

  test('takes a turn for every few channels, and misses none that is occupied all the time', async () => {
    const turns = new FakeTurns();
    const names = Array.from({ length: 500 }, (_, index) => `room-${index + 100}`);
    const questions = new TurnBudget(20, turns.nextTurn);
    const { list, occupy, memory } = stage(names, { turns: { questions } });
    const answers: unknown[] = [];
    void list({ info: 'subscription_count' }).then((json) => answers.push(json));
    await settle();
    expect(answers).toEqual([]);
    // One that has been listed is vacated and occupied again after all others; one is new.
    memory.leave({ appId: '1', channel: 'room-100' as never, channelLingersMs: 0 });
    occupy('room-100');
    occupy('room-999');
    while (answers.length === 0) {
      turns.turn();
      await settle();
    }
    expect(turns.count).toBeGreaterThanOrEqual(5);
    const [answer] = answers;
    const { channels } = answer as { channels: Record<string, unknown> };
    expect(Object.keys(channels).toSorted()).toEqual([...names, 'room-999']);
  });

  test('of users also takes turns', async () => {
    const turns = new FakeTurns();
    const built = apiStage({ turns: { questions: new TurnBudget(10, turns.nextTurn) } });
    const ids = Array.from({ length: 25 }, (_, index) => `u${index}`);
    for (const id of ids) built.occupy('presence-a', id);
    const answers: unknown[] = [];
    void built.get('users', `${path}/presence-a/users`).then((json) => answers.push(json));
    await settle();
    expect(answers).toEqual([]);
    while (answers.length === 0) {
      turns.turn();
      await settle();
    }
    expect(turns.count).toBe(2);
    expect(answers).toEqual([{ users: ids.map((id) => ({ id })) }]);
  });
});
