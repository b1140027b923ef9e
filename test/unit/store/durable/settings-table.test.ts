import { expect, test } from 'vitest';
import { SettingsTable } from '../../../../src/store/durable/settings-table.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeDisk } from '../../../support/property/fake-disk.ts';

const next = (revision: string, text: string) => ({ revision, text: () => text });

function stage(disk: FakeDisk) {
  const clock = new FakeClock();
  const database = disk.open(clock, { onRecovery: () => {} });
  return { clock, database, table: new SettingsTable(database) };
}

async function writing(
  { clock, table }: ReturnType<typeof stage>,
  ...[settings, expected]: Parameters<SettingsTable['write']>
) {
  const written = table.write(settings, expected);
  await clock.advance(10);
  return written;
}

test('what a full disk refuses does not return when there is space again', async () => {
  const disk = new FakeDisk();
  const one = stage(disk);
  expect(await writing(one, next('1.a', 'first'), undefined)).toEqual({ kind: 'written' });
  disk.isFull = true;
  expect(await writing(one, next('2.a', 'second'), '1.a')).toEqual({
    kind: 'failed',
    reason: 'the disk is full',
  });
  // Known to be full by now, so it is not even tried.
  expect(await writing(one, next('2.b', 'third'), '1.a')).toEqual({
    kind: 'failed',
    reason: 'the disk is full',
  });
  disk.isFull = false;
  await one.clock.advance(60_000);
  expect(one.database.failure).toBeUndefined();
  expect(stage(disk).table.read()).toEqual({ revision: '1.a', text: 'first' });
});

test('the first text that a full disk refuses leaves nothing', async () => {
  const disk = new FakeDisk();
  const one = stage(disk);
  disk.isFull = true;
  await writing(one, next('1.a', 'first'), undefined);
  disk.isFull = false;
  await one.clock.advance(60_000);
  expect(one.database.failure).toBeUndefined();
  expect(stage(disk).table.read()).toBeUndefined();
});

test('a row that does not contain settings is returned unchanged, for its reader to refuse', async () => {
  const disk = new FakeDisk();
  const one = stage(disk);
  one.database.put('settings', 'changes', 'by hand');
  await one.clock.advance(100);
  expect(stage(disk).table.read()).toEqual({ revision: '', text: 'by hand' });
});
