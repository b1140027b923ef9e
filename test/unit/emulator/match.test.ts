import { describe, expect, test } from 'vitest';
import { createMatcher } from '../../../src/emulator/waits/match.ts';
import type { EmulatorEvent } from '../../../src/recording/records.ts';

const event = {
  id: 1,
  appId: '1',
  name: 'member_added',
  channel: 'presence-room',
  user_id: '42',
  atMs: 0,
  status: 'delivered',
  cause: { kind: 'unknown', atMs: 0 },
  why: '',
  endpoints: [],
} as const satisfies EmulatorEvent;

describe('a match', () => {
  test.each([
    [{}, true],
    [{ name: 'member_added' }, true],
    [{ name: 'member_added', user_id: '43' }, false],
    [{ channel: /^presence-/ }, true],
    [{ channel: /^private-/ }, false],
    [{ event: /./ }, false],
    [{ subscription_count: 0 }, false],
    [({ user_id: userId }: EmulatorEvent) => userId === '42', true],
    [() => false, false],
  ])('%o is %s of an event', (match, expected) => {
    expect(createMatcher(match).matches(event)).toBe(expected);
  });

  test('by a global expression is the same each time', () => {
    const matcher = createMatcher({ channel: /room/g });
    expect([matcher.matches(event), matcher.matches(event)]).toEqual([true, true]);
  });

  test('counts how many of its parts an event fits', () => {
    expect(createMatcher({ name: 'member_removed', user_id: '42', channel: /room$/ }).likeness(event)).toBe(
      2,
    );
  });

  test.each([
    null,
    undefined,
    1,
    'member_added',
    [],
    { name: 1 },
    { subscription_count: '1' },
    { channel: null },
  ])('%j is refused', (match) => {
    expect(() => createMatcher(match)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }));
  });
});
