import { describe, expect, test } from 'vitest';
import type { Application } from '../../../../src/apps/application.ts';
import { defaultPolicy } from '../../../support/property/delivery-shell.ts';
import { FakeDisk } from '../../../support/property/fake-disk.ts';
import { Stack } from '../../../support/property/stack.ts';
import { application, endpoint } from '../../../support/unit/application.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const url = 'http://b/';
const one = application({ id: '1', endpoints: [] });
const two = application({ id: '2', key: 'two', endpoints: [endpoint({ url, reconcile: true })] });
const both = [one, two];

async function start(disk: FakeDisk, applications: readonly Application[], before?: Stack): Promise<Stack> {
  const options = { policy: defaultPolicy, disk, restartGraceMs: 1000, ...(before && { before }) };
  const stack = new Stack({ applications, ...options });
  await stack.start();
  return stack;
}

/** A user is on a channel of app 2, its endpoint knows that, and the program is killed. */
async function begin(disk: FakeDisk): Promise<Stack> {
  const stack = await start(disk, both);
  stack.connect(two).subscribe('presence-room', 'u7');
  await stack.clock.advance(1000);
  expect(namesAt(stack)).toEqual(['channel_occupied', 'member_added']);
  stack.kill();
  return stack;
}

const namesAt = (stack: Stack) => stack.receivers.get(url)?.taken.map(({ name }) => name);
const gone = ['channel_occupied', 'member_added', 'member_removed', 'channel_vacated'];

describe('an app that is not configured at a start', () => {
  test('continues at the next start with it: its endpoint is sent who has left', async () => {
    const disk = new FakeDisk();
    const without = await start(disk, [one], await begin(disk));
    await without.clock.advance(10 * minute);
    expect(namesAt(without)).toHaveLength(2);
    without.kill();
    const again = await start(disk, both, without);
    await again.clock.advance(10 * minute);
    expect(namesAt(again)).toEqual(gone);
  });

  test('continues when it is configured again by a reload', async () => {
    const disk = new FakeDisk();
    const stack = await start(disk, [one], await begin(disk));
    await stack.clock.advance(10 * minute);
    stack.reload(both);
    await stack.clock.advance(0);
    const back = stack.connect(two);
    back.subscribe('presence-room', 'u7');
    await stack.clock.advance(10 * minute);
    expect(namesAt(stack)).toHaveLength(2);
    back.unsubscribe('presence-room');
    await stack.clock.advance(10 * minute);
    expect(namesAt(stack)).toEqual(gone);
  });

  test('loses no event that waited: what has expired meanwhile is made up for', async () => {
    const disk = new FakeDisk();
    const first = await start(disk, both);
    first.receivers.get(url)?.downUntil(first.clock.now() + 5000);
    first.connect(two).subscribe('presence-room', 'u7');
    await first.clock.advance(1000);
    first.kill();
    const stack = await start(disk, [one], first);
    await stack.clock.advance(10 * minute);
    stack.reload(both);
    await stack.clock.advance(0);
    stack.connect(two).subscribe('presence-room', 'u7');
    await stack.clock.advance(10 * minute);
    expect(namesAt(stack)).toEqual(['channel_occupied', 'member_added']);
    expect(stack.drops.read('2').dropped).toEqual([]);
  });

  test('does not assume that an endpoint received what happened while the app was configured without it', async () => {
    const disk = new FakeDisk();
    const stack = await start(disk, [one], await begin(disk));
    const bare = { ...two, endpoints: [] };
    stack.reload([one, bare]);
    await stack.clock.advance(0);
    stack.connect(bare).subscribe('presence-hall', 'u8');
    await stack.clock.advance(10 * minute);
    stack.reload(both);
    await stack.clock.advance(10 * minute);
    const later = stack.receivers.get(url)?.taken.slice(2);
    expect(later?.map(({ name, channel }) => `${name} ${channel}`)).toEqual([
      'channel_occupied presence-hall',
      'member_added presence-hall',
    ]);
  });

  test('makes up for all that is dropped: before, and at the moment when it is configured again', async () => {
    const disk = new FakeDisk();
    const first = await start(disk, both);
    const [u7, u8, u9] = ['u7', 'u8', 'u9'].map((id) => {
      const client = first.connect(two);
      client.subscribe('presence-room', id);
      return client;
    });
    await first.clock.advance(1000);
    first.receivers.get(url)?.downUntil(Infinity);
    u7?.disconnect();
    await first.clock.advance(6 * minute);
    u8?.disconnect();
    await first.clock.advance(10_000);
    first.kill();
    u9?.lose();
    const stack = await start(disk, [one], first);
    stack.receivers.get(url)?.heal();
    const disabled = { ...two, endpoints: [endpoint({ url, reconcile: true, isEnabled: false })] };
    stack.reload([one, disabled]);
    await stack.clock.advance(0);
    stack.connect(two).subscribe('presence-room', 'u9');
    await stack.clock.advance(minute);
    stack.reload(both);
    await stack.clock.advance(10 * minute);
    const removed = stack.receivers.get(url)?.taken.filter(({ name }) => name === 'member_removed');
    expect(removed?.map(({ user_id: user }) => user)).toEqual(['u7', 'u8']);
  });

  test('is forgotten after a week', async () => {
    const disk = new FakeDisk();
    const without = await start(disk, [one], await begin(disk));
    await without.clock.advance(minute);
    without.kill();
    await without.clock.advance(7 * day);
    const later = await start(disk, [one], without);
    await later.clock.advance(minute);
    for (const table of ['announced', 'outbox', 'batches', 'cached', 'told'] as const) {
      expect([table, disk.keys(table)]).toEqual([table, []]);
    }
  });

  test('is forgotten after a week even if nobody was on its channels', async () => {
    const disk = new FakeDisk();
    const disabled = { ...two, endpoints: [endpoint({ url, isEnabled: false })] };
    const first = await start(disk, [one, disabled]);
    const client = first.connect(disabled);
    client.subscribe('room');
    client.unsubscribe('room');
    await first.clock.advance(minute);
    first.kill();
    const tables = ['told', 'endpoints', 'drops'] as const;
    const rowsOf = () =>
      tables.map((table) => disk.keys(table).filter((key) => String(key).startsWith('["2"')).length);
    expect(disk.keys('announced')).toEqual([]);
    const [told = 0, ...rest] = rowsOf();
    expect([told > 0, ...rest]).toEqual([true, 1, 1]);
    const without = await start(disk, [one], first);
    await without.clock.advance(6 * day);
    without.kill();
    expect(rowsOf()).toEqual([told, ...rest]);
    const later = await start(disk, [one], without);
    await later.clock.advance(2 * day);
    later.kill();
    const last = await start(disk, [one], later);
    await last.clock.advance(minute);
    expect(rowsOf()).toEqual([0, 0, 0]);
    expect(last.drops.read('2')).toEqual({ dropped: [], forgotten: 0 });
  });
});
