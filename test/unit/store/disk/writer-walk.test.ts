import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Changes } from '../../../../src/store/disk/changes.ts';
import { Writer, type Progress } from '../../../../src/store/disk/writer.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';
import { patienceMs, runs, seeded } from '../../../support/property/seeded.ts';

interface Flight extends Progress {
  readonly changes: Changes;
  isVisible: boolean;
}

const key = fc.integer({ min: 1, max: 6 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key }),
  fc.record({ kind: fc.constant('remove' as const), key }),
  fc.record({ kind: fc.constantFrom('safe' as const, 'turn' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ kind: fc.constantFrom('visible' as const, 'ended' as const, 'failed' as const) }),
);

describe(seeded('a walk of the writer over a disk that fails now and then'), () => {
  it(
    'leaves the last values on the disk, and reported nothing as safe that is not',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 60, size: 'max' }),
          fc.constantFrom('process', 'disk'),
          async (steps, sync) => {
            const clock = new FakeClock();
            /** What the operating system sees, what was put, and how often. */
            const disk = new Map<unknown, string>();
            const expected = new Map<unknown, string>();
            let count = 0;
            let flights: Flight[] = [];
            let turn: (() => void)[] = [];
            const reports: string[] = [];
            const writer = new Writer({
              sync: sync === 'disk' ? 'disk' : 'process',
              clock,
              endOfTurn: (run) => void turn.push(run),
              commit: (changes, progress) => void flights.push({ changes, ...progress, isVisible: false }),
              onFailure: () => void reports.push('failure'),
              onRecovery: () => void reports.push('recovery'),
              prepare() {},
            });
            const apply = (flight: Flight): void => {
              flight.isVisible = true;
              for (const rows of flight.changes.values()) {
                for (const [changed, value] of rows) {
                  if (value === undefined) disk.delete(changed);
                  else disk.set(changed, value);
                }
              }
            };
            const endTurn = (): void => {
              const ended = turn;
              turn = [];
              for (const run of ended) run();
            };
            const end = (failure?: string): void => {
              const [flight] = flights;
              if (flight === undefined) return;
              flights = flights.slice(1);
              if (failure === undefined && !flight.isVisible) apply(flight);
              flight.ended(failure);
            };
            const promises: Promise<unknown>[] = [];
            for (const taken of steps) {
              if (taken.kind === 'put') {
                count += 1;
                expected.set(taken.key, String(count));
                writer.put('outbox', taken.key, String(count));
              } else if (taken.kind === 'remove') {
                expected.delete(taken.key);
                writer.remove('outbox', taken.key);
              } else if (taken.kind === 'safe') {
                const then = new Map(expected);
                const at = count;
                promises.push(
                  writer.safe(count % 2 === 0 ? 'now' : 'soon').then((isSafe) => {
                    if (!isSafe) return;
                    // Each key has its value at that time, or a later one.
                    for (const [one, value] of then) {
                      const found = Number(disk.get(one) ?? Infinity);
                      expect(found === Number(value) || found > at).toBe(true);
                    }
                  }),
                );
              } else if (taken.kind === 'turn') endTurn();
              else if (taken.kind === 'wait') await clock.advance(taken.ms);
              else if (taken.kind === 'visible') {
                const flight = flights.find(({ isVisible }) => !isVisible);
                if (flight !== undefined) {
                  apply(flight);
                  flight.visible();
                }
              } else end(taken.kind === 'failed' ? 'disk full' : undefined);
              await settle();
            }
            // The disk works again.
            for (let round = 0; round < 6; round += 1) {
              while (flights.length > 0) end();
              endTurn();
              await clock.advance(5000);
            }
            expect(disk).toEqual(expected);
            expect(writer.failure).toBeUndefined();
            expect(clock.pending).toBe(0);
            expect(reports).toEqual(reports.map((_, index) => (index % 2 === 0 ? 'failure' : 'recovery')));
            expect(reports.length % 2).toBe(0);
            // Every caller got an answer.
            await Promise.all(promises);
          },
        ),
        runs(500),
      );
    },
    patienceMs,
  );
});
