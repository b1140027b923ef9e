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
  it('trust the clock of the machine if the machine was not rebooted', () => {
    const wallMs = saved.wallMs - 50 * day;
    expect(resumeTimes(saved, { wallMs, hrtimeMs: 3 * hour, uptimeMs: 3 * hour, bootId: 'one' })).toEqual({
      A: 500,
      D: 1000 + hour,
      downMs: hour,
      isCertain: true,
    });
  });

  it('use the time of day after a reboot of the machine', () => {
    const present = { wallMs: saved.wallMs + hour, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toEqual({ A: 500, D: 1000 + hour, downMs: hour, isCertain: false });
  });

  it('use the time since the reboot if the time of day has gone back', () => {
    const present = { wallMs: saved.wallMs - hour, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toEqual({
      A: 500,
      D: 10_000,
      downMs: 9000,
      isCertain: false,
      warning: 'clock went back',
    });
  });

  it('warn if the time of day is more than a day ahead', () => {
    const present = { wallMs: saved.wallMs + 2 * day, hrtimeMs: 9000, uptimeMs: 9000, bootId: 'two' };
    expect(resumeTimes(saved, present)).toMatchObject({ downMs: 2 * day, warning: 'clock jumped' });
  });

  it('use the larger of two estimates if the system does not identify boots', () => {
    const unnamed = { ...saved, bootId: undefined };
    const present = { wallMs: saved.wallMs + 10, hrtimeMs: 3 * hour, uptimeMs: 3 * hour, bootId: undefined };
    expect(resumeTimes(unnamed, present)).toMatchObject({ downMs: hour, isCertain: false });
  });

  it('never go back, and do not count time during which nothing ran', () => {
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

  it('are at least the true downtime, whatever is done to the time of day', () => {
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
          // Where the clock was set back, at least what is certain.
          else expect(resumed.downMs).toBeGreaterThanOrEqual(isRestart && isNamed ? sinceBoot : 0);
        },
      ),
      runs(1000),
    );
  });
});
