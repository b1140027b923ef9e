import { expect, test } from 'vitest';
import { DurableStore } from '../../../../src/store/durable/durable-store.ts';
import { rowKeyOf, Rows } from '../../../../src/store/durable/rows.ts';
import { Run } from '../../../../src/store/durable/run.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeDisk } from '../../../support/property/fake-disk.ts';
import { readingsAt } from '../../../support/property/mortal-process.ts';

// More than a call may have arguments.
const many = 150_000;

test.each([true, false])(
  'an app with very many channels is restored; configured: %j',
  async (isConfigured) => {
    const clock = new FakeClock();
    const disk = new FakeDisk();
    const open = () => disk.open(clock, { onRecovery() {} });
    const earlier = open();
    for (let number = 0; number < many; number += 1)
      earlier.put('announced', rowKeyOf('1', `r-${number}`), '');
    await clock.advance(100);

    const database = open();
    const run = new Run(database, clock, () => readingsAt(clock.now()));
    const dispatcher = () => expect.unreachable('there are no events');
    const store = new DurableStore({
      database,
      run,
      clock,
      dispatcher,
      beforeWrite() {},
      holdsClientEvents: false,
    });
    let restored = 0;
    const target = { restoreAnnounced: () => void (restored += 1), restoreCached() {} };
    const given = { rows: new Rows(database), target, graceMs: 1, newcomers: () => [] };
    store.restore({ ...given, isConfigured: () => isConfigured, knownApps: [] });
    expect(restored).toBe(isConfigured ? many : 0);
    store.wake('1');
    expect(restored).toBe(many);
  },
);
