import { describe, expect, test } from 'vitest';
import { RateWindow } from '../../../src/protocol/rate-window.ts';

describe('a rate window', () => {
  test('accepts up to its limit, and again when the oldest event is a window old', () => {
    const window = new RateWindow(2, 1000);
    expect([window.accept(0), window.accept(400), window.accept(999)]).toEqual([true, true, false]);
    expect([window.accept(1000), window.accept(1399), window.accept(1400)]).toEqual([true, false, true]);
  });

  test('forgets the oldest event first', () => {
    const window = new RateWindow(3, 1000);
    expect([window.accept(0), window.accept(400), window.accept(800)]).toEqual([true, true, true]);
    expect([window.accept(1000), window.accept(1399), window.accept(1400)]).toEqual([true, false, true]);
  });

  test('accepts several events together or none of them', () => {
    const window = new RateWindow(3, 1000);
    expect([window.accept(0, 2), window.accept(0, 2), window.accept(0, 1)]).toEqual([true, false, true]);
    expect([window.accept(999, 3), window.accept(1000, 3)]).toEqual([false, true]);
  });

  test('never accepts more at once than its limit', () => {
    const window = new RateWindow(3, 1000);
    expect(window.accept(0, 4)).toBe(false);
    window.accept(0, 3);
    expect(window.accept(5000, 4)).toBe(false);
  });

  test('accepts any number without a limit', () => {
    const window = new RateWindow(Infinity, 1000);
    expect([window.accept(0, 1_000_000), window.accept(0)]).toEqual([true, true]);
  });

  test('accepts nothing with a limit of 0', () => {
    expect(new RateWindow(0, 1000).accept(0)).toBe(false);
  });
});
