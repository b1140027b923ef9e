import { describe, expect, test } from 'vitest';
import { enter, expire, leave, newLinger } from '../../../src/channels/linger.ts';

describe('a subject that lingers', () => {
  test('is absent and unknown to webhooks at first', () => {
    expect(newLinger()).toEqual({ isLive: false, isAnnounced: false, deadline: -Infinity });
  });

  test('appears once, however often it enters', () => {
    const subject = newLinger();
    expect(enter(subject)).toBe('appeared');
    expect(enter(subject)).toBe('already-live');
    expect(subject).toEqual({ isLive: true, isAnnounced: true, deadline: -Infinity });
  });

  test('leaves once, and is absent from its deadline on', () => {
    const subject = newLinger();
    enter(subject);
    expect(leave(subject, 3000)).toBe(true);
    expect(leave(subject, 9000)).toBe(false);
    expect(expire(subject, 2999)).toBe(false);
    expect(expire(subject, 3000)).toBe(true);
    expect(expire(subject, 3000)).toBe(false);
    expect(enter(subject)).toBe('appeared');
  });

  test('returns before its deadline, which then no longer counts', () => {
    const subject = newLinger();
    enter(subject);
    leave(subject, 9000);
    expect(enter(subject)).toBe('returned');
    expect(expire(subject, 9000)).toBe(false);
    leave(subject, 5000);
    expect(subject.deadline).toBe(5000);
  });
});
