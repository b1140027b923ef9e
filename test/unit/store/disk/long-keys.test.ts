import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRow, shortKey, valueWithKey } from '../../../../src/store/disk/long-keys.ts';
import { runs, seeded } from '../../../support/property/seeded.ts';

describe(seeded('keys on disk'), () => {
  it('stay unchanged while they are short enough', () => {
    const key = JSON.stringify(['app', 'presence-room']);
    expect(shortKey(key)).toBe(key);
    expect(valueWithKey(key, 'v')).toBe('v');
  });

  it('fit on disk however long they are, and return with their value', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3000 }),
      fc.string({ unit: 'grapheme', minLength: 600, maxLength: 3000 }),
      fc.string().map((rest) => `long:${rest}`),
    );
    fc.assert(
      fc.property(text, fc.string(), (key, value) => {
        const kept = shortKey(key);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(1978);
        expect(readRow(kept, valueWithKey(key, value))).toEqual({ key, value });
      }),
      runs(300),
    );
  });

  it('differ if only their ends differ', () => {
    const start = 'é'.repeat(1500);
    expect(shortKey(`${start}a`)).not.toBe(shortKey(`${start}b`));
  });
});
