/**
 * A process that works with a store until it is killed. `hold` opens the store and prints that it did.
 * `write` continues from the last number in the store: it puts each number into several tables, and prints
 * the numbers that `safe` has acknowledged.
 */
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '../../../src/ports/log.ts';
import { openDatabase } from '../../../src/store/disk/database.ts';
import { systemClock } from '../../../src/system/clock.ts';

const [, , mode, path = '', sync] = process.argv;
const database = await openDatabase({
  path,
  sync: sync === 'disk' ? 'disk' : 'process',
  layout: 1,
  clock: systemClock,
  log: silentLog,
  onFailure: () => process.exit(1),
  onRecovery: () => {},
});
if (mode === 'hold') {
  writeSync(1, 'open\n');
  process.stdin.resume();
  process.stdin.once('end', () => void database.close());
} else {
  let number = Number(new Map(database.entries('meta')).get('last') ?? 0);
  for (;;) {
    const upTo = number + 1 + (number % 7);
    while (number < upTo) {
      number += 1;
      database.put('outbox', number, `event ${number}`);
      database.put('announced', `["app","channel ${number % 50}"]`, String(number));
      // Deletes as much as it adds.
      if (number > 500) database.remove('outbox', number - 500);
    }
    database.put('meta', 'last', String(number));
    const written = number;
    void database.safe(number % 3 === 0 ? 'soon' : 'now').then((isSafe) => {
      if (isSafe) writeSync(1, `${written}\n`);
    });
    await setImmediate();
  }
}
