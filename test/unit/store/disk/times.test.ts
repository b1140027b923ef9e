import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resumeTimes } from '../../../../src/store/disk/times.ts';
import { runs, seeded } from '../../../support/property/seeded.ts';

const hour = 3_600_000;
const day = 24 * hour;
const saved = { A: 500, D: 1000, wallMs: 100 * day, hrtimeMs: 2 * hour, bootId: 'one' };

const moment = fc.integer({ min: 0, max: 1000 * day });
const bootId = fc.constantFrom('one', 'two', undefined);
const savedTimes = fc.record({ A: moment, D: moment, wallMs: moment, hrtimeMs: moment, bootId });
const readings = fc.record({ wallMs: moment, hrtimeMs: moment, uptimeMs: moment, bootId });

describe(seeded('the two clocks of the store'), () => {
  it('trusts the clock of the machine as long as the machine was not restarted', () => {
    const wallMs = saved.wallMs - 50 * day;
    expect(resumeTimes(saved, { wallMs, hrtimeMs: 3 * hour, uptimeMs: 3 * hour, bootId: 'one' })).toEqual({
      A: 500,
      D: 1000 + hour,
      downMs: hour,
      isCertain: true,
    });
  });

  it('takes the time of day after a restart of the machine', () => {
    const present = { wallMs: saved.wallMs + hour, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toEqual({ A: 500, D: 1000 + hour, downMs: hour, isCertain: false });
  });

  it('takes the time since the restart when the time of day has gone back', () => {
    const present = { wallMs: saved.wallMs - hour, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toEqual({
      A: 500,
      D: 10_000,
      downMs: 9000,
      isCertain: false,
      warning: 'clock went back',
    });
  });

  it('warns of a time of day that is more than a day further on', () => {
    const present = { wallMs: saved.wallMs + 2 * day, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toMatchObject({ downMs: 2 * day, warning: 'clock jumped' });
  });

  it('takes the larger of two estimates where the system names no run of the machine', () => {
    const unnamed = { ...saved, bootId: undefined };
    const present = { wallMs: saved.wallMs + 10, hrtimeMs: 3 * hour, uptimeMs: 3 * hour, bootId: undefined };
    expect(resumeTimes(unnamed, present)).toMatchObject({ downMs: hour, isCertain: false });
  });

  it('never goes back, and counts nothing as run that was not', () => {
    fc.assert(
      fc.property(savedTimes, readings, (before, present) => {
        const { A, D, downMs, warning, isCertain } = resumeTimes(before, present);
        expect(A).toBe(before.A);
        expect(D).toBe(before.D + downMs);
        expect(downMs).toBeGreaterThanOrEqual(0);
        if (isCertain) expect(warning).toBeUndefined();
      }),
      runs(1000),
    );
  });

  it('is no less than the true time down, whatever is done to the time of day', () => {
    fc.assert(
      fc.property(
        fc.record({ downMs: moment, upMs: moment, isRestart: fc.boolean(), isNamed: fc.boolean() }),
        fc.integer({ min: -day, max: day }),
        ({ downMs, upMs, isRestart, isNamed }, setBy) => {
          const sinceBoot = isRestart ? Math.min(upMs, downMs) : saved.hrtimeMs + downMs;
          const present = {
            wallMs: saved.wallMs + downMs + setBy,
            hrtimeMs: sinceBoot,
            uptimeMs: sinceBoot,
            bootId: isNamed ? (isRestart ? 'two' : 'one') : undefined,
          };
          const resumed = resumeTimes({ ...saved, bootId: isNamed ? 'one' : undefined }, present);
          if (resumed.isCertain) expect(resumed.downMs).toBe(downMs);
          if (setBy >= 0) expect(resumed.downMs).toBeGreaterThanOrEqual(downMs);
          // Where the clock was set back, no less than what is sure.
          else expect(resumed.downMs).toBeGreaterThanOrEqual(isRestart && isNamed ? sinceBoot : 0);
        },
      ),
      runs(1000),
    );
  });
});
