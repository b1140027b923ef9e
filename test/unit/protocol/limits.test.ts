import { describe, expect, test } from 'vitest';
import { defaultLimits, limitTable, resolveLimits, writeLimits } from '../../../src/protocol/limits.ts';
import { limits } from '../../support/unit/application.ts';

describe('the limits of an app', () => {
  const common = writeLimits(defaultLimits);

  test('are the documented ones unless others are given', () => {
    expect(defaultLimits).toEqual(limits);
  });

  test('override the common ones, and null means none', () => {
    const own = { presenceMembers: null, eventsPerBatch: 3, watchlist: undefined };
    expect(resolveLimits({ ...common, watchlist: 7 }, own)).toEqual({
      ...limits,
      presenceMembers: Infinity,
      eventsPerBatch: 3,
      watchlist: 7,
    });
  });

  test('are written as they are read', () => {
    expect(writeLimits(limits)).toMatchObject({ eventDataBytes: 10_240, connections: null });
    expect(resolveLimits(writeLimits(limits))).toEqual(limits);
  });

  test('have a default that could be configured', () => {
    for (const { default: usual, max } of Object.values(limitTable)) {
      if (usual !== null) expect(usual).toBeLessThanOrEqual(max);
    }
  });
});
