import { describe, expect, it } from 'vitest';
import { readBootId, readMachine } from '../../../src/system/readings.ts';

describe('the readings of the machine', () => {
  it('have no boot id if the system provides none', () => {
    expect(
      readBootId(() => {
        throw new Error('no such file');
      }),
    ).toBeUndefined();
    expect(readBootId(() => '\n')).toBeUndefined();
    expect(readBootId(() => 'abc\n')).toBe('abc');
  });

  it('go forward', () => {
    const first = readMachine();
    const second = readMachine();
    expect(second.hrtimeMs).toBeGreaterThanOrEqual(first.hrtimeMs);
    expect(second.uptimeMs).toBeGreaterThanOrEqual(first.uptimeMs);
    expect(second.bootId).toBe(first.bootId);
    expect(first.wallMs).toBeGreaterThan(0);
  });
});
