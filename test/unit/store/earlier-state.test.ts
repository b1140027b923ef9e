import { expect, test } from 'vitest';
import { silentLog } from '../../../src/ports/log.ts';
import { EarlierState, type ReportedBefore } from '../../../src/store/redis/deliveries/earlier-state.ts';
import { allPartitions, partitionOf } from '../../../src/store/redis/keys.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { noSlices, nextTurn } from '../../support/turns.ts';
import { channelName, endpoint } from '../../support/unit/application.ts';

const room = channelName('presence-room');
const index = partitionOf('1', room);
const [main, other] = [endpoint({ id: 'main' }), endpoint({ id: 'other' })];

/** A node that owns one partition with a channel and a member, on a Redis that answers what the test says. */
function stage(noted: Readonly<Record<string, string>> = {}) {
  const state = {
    endpoints: [main] as readonly Endpoint[],
    noted: { ...noted } as Record<string, string>,
    seq: 7,
    taken: '5-0' as string | undefined,
    last: '5-0',
    isKept: true,
    /** What happens before Redis answers what was reported. */
    meanwhile: () => {},
  };
  const before: ReportedBefore[] = [];
  const found: string[] = [];
  const log: string[] = [];
  const scripts: Readonly<Record<string, (args: readonly (string | number)[]) => (string | number)[]>> = {
    'list-reported': () => [1, room],
    'read-reported'() {
      state.meanwhile();
      return [1, 'u1'];
    },
    'note-received'([, ...changes]) {
      state.noted['known'] = '1';
      for (let at = 0; at < changes.length; at += 2) {
        const [name = '', value = ''] = changes.slice(at, at + 2).map(String);
        if (value === '') delete state.noted[name];
        else state.noted[name] = value;
        log.push(`note ${name.replace('\n', ' ')}`);
      }
      return [1];
    },
  };
  const earlier = new EarlierState({
    ...noSlices(),
    link: {
      run: async (name, _, args) => scripts[name]?.(args) ?? [],
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these two commands are used
      commands: {
        hgetall: async () => state.noted,
        xrevrange: async () => [[state.last, []]],
      } as never,
    },
    partitions: allPartitions('test:'),
    log: silentLog,
    present: () => '',
    tokenOf: (one) => (one === index ? 3 : 0),
    applications: () => [{ id: '1', endpoints: state.endpoints }],
    seqOf: () => state.seq,
    takenUntil: () => state.taken,
    missedBefore: (one) => void before.push(one),
    async flush() {
      log.push('flush');
      return state.isKept;
    },
    found: (_, id) => void found.push(id),
  });
  return {
    ...{ state, before, found, log, earlier },
    /** Searches until nothing more happens. */
    async work() {
      earlier.work();
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    },
    isUnsure: (one: Endpoint, seq: number) => earlier.isUnsure(index, '1', one, seq),
    /** Both endpoints are configured from now on. */
    add() {
      state.endpoints = [main, other];
      earlier.configurationChanged();
    },
  };
}

test('endpoints of a partition of which nothing was noted have received everything, and that is noted', async () => {
  const { before, earlier, state, work, isUnsure, found } = stage();
  await earlier.read([index]);
  await work();
  expect([before, found]).toEqual([[], []]);
  expect(Object.keys(state.noted)).toEqual(['known', '1\nmain']);
  expect([isUnsure(main, 1), isUnsure(other, 1)]).toEqual([false, true]);
});

test('what a new endpoint may not know is kept before it is noted, and sent afterwards', async () => {
  const { before, earlier, log, found, work, add } = stage();
  await earlier.read([index]);
  await work();
  log.length = 0;
  add();
  await work();
  expect(before).toEqual([{ appId: '1', endpoint: other, channel: room, subjects: ['', 'u1'], seq: 8 }]);
  expect(log).toEqual(['flush', 'note 1 other']);
  expect(found).toEqual(['other']);
});

test('if that cannot be kept, it is searched again and nothing is sent', async () => {
  const { before, earlier, state, found, work, add } = stage();
  await earlier.read([index]);
  state.isKept = false;
  add();
  await work();
  expect([before.length, found, Object.keys(state.noted)]).toEqual([1, [], []]);
  state.isKept = true;
  await work();
  expect([before.length, found]).toEqual([2, ['other']]);
  expect(Object.keys(state.noted)).toContain('1\nother');
});

test('a new endpoint is unsure of all events until those are taken that were in the outbox', async () => {
  const { earlier, state, work, add, isUnsure } = stage();
  await earlier.read([index]);
  state.last = '9-1';
  add();
  await work();
  expect([isUnsure(other, 1), isUnsure(other, 1000), isUnsure(main, 1)]).toEqual([true, true, false]);
  for (const [taken, seq] of [
    ['9-0', 20],
    [undefined, 21],
  ] as const) {
    Object.assign(state, { taken, seq });
    await work();
    expect(isUnsure(other, 1000)).toBe(true);
  }
  Object.assign(state, { taken: '10-0', seq: 30 });
  await work();
  expect([isUnsure(other, 30), isUnsure(other, 31)]).toEqual([true, false]);
  // The next owner knows it, too.
  const next = stage(state.noted);
  next.state.endpoints = [main, other];
  await next.earlier.read([index]);
  await next.work();
  expect([next.before, next.isUnsure(other, 30), next.isUnsure(other, 31)]).toEqual([[], true, false]);
});

test('a node that takes over before that does not search again, and is unsure as well', async () => {
  const { earlier, state, work, add } = stage();
  await earlier.read([index]);
  state.last = '9-1';
  add();
  await work();
  const next = stage(state.noted);
  Object.assign(next.state, { endpoints: [main, other], last: '9-1', taken: '9-1', seq: 40 });
  await next.earlier.read([index]);
  expect(next.isUnsure(other, 1000)).toBe(true);
  await next.work();
  expect([next.before, next.isUnsure(other, 40), next.isUnsure(other, 41)]).toEqual([[], true, false]);
});

test('what the endpoint has received since it was added is not sent again', async () => {
  const { before, earlier, state, work, add } = stage();
  await earlier.read([index]);
  add();
  const event = { name: 'member_added', channel: room, userId: 'u1' } as const;
  // Events that were taken before do not show what it missed.
  earlier.delivered({
    appId: '1',
    endpoint: other,
    events: [{ event: { name: 'channel_occupied', channel: room }, seq: 7, bytes: 1 }] as never,
  });
  state.meanwhile = () =>
    earlier.delivered({ appId: '1', endpoint: other, events: [{ event, seq: 8, bytes: 1 }] as never });
  await work();
  expect(before.map(({ subjects }) => subjects)).toEqual([['']]);
});

test('what an endpoint receives after a takeover may be older than what it missed', async () => {
  const { before, earlier, state, work } = stage({ known: '1' });
  await earlier.read([index]);
  const event = { name: 'member_added', channel: room, userId: 'u1' } as const;
  state.meanwhile = () =>
    earlier.delivered({ appId: '1', endpoint: main, events: [{ event, seq: 8, bytes: 1 }] as never });
  await work();
  expect(before.map(({ subjects }) => subjects)).toEqual([['', 'u1']]);
});

test('an endpoint that is removed while it is searched for is not noted', async () => {
  const { earlier, state, work, add, found } = stage();
  await earlier.read([index]);
  await work();
  state.meanwhile = () => {
    state.endpoints = [main];
    earlier.configurationChanged();
  };
  add();
  await work();
  expect([Object.keys(state.noted), found]).toEqual([['known', '1\nmain'], []]);
});

test('an endpoint that selects other events than before is noted and searched for again, others are not', async () => {
  const { before, earlier, state, work, isUnsure } = stage();
  await earlier.read([index]);
  await work();
  const fewer = endpoint({ id: 'main', eventTypes: ['channel_occupied', 'channel_vacated'] });
  state.endpoints = [fewer];
  earlier.configurationChanged();
  await work();
  expect(before).toEqual([]);
  state.endpoints = [main];
  earlier.configurationChanged();
  expect(isUnsure(main, 1000)).toBe(true);
  await work();
  expect(before.map(({ subjects }) => subjects)).toEqual([['u1']]);
  const elsewhere = endpoint({ id: 'main', channels: { startsWith: 'presence-r' } });
  state.endpoints = [elsewhere];
  earlier.configurationChanged();
  await work();
  state.endpoints = [endpoint({ id: 'main', channels: { endsWith: 'm' } })];
  earlier.configurationChanged();
  await work();
  expect(before.map(({ subjects }) => subjects)).toEqual([['u1'], ['', 'u1']]);
});

test('what was noted is noted again if Redis may have lost it, and something else that another version noted counts as nothing', async () => {
  const { before, earlier, state, work } = stage({ known: '1', '1\nmain': '{"by":"another version"}' });
  await earlier.read([index]);
  await work();
  expect(before).toHaveLength(1);
  state.noted = {};
  earlier.storeAgain(index);
  earlier.storeAgain(index + 1);
  await work();
  expect(Object.keys(state.noted)).toEqual(['known', '1\nmain']);
});

test('after the rights are lost nothing is written', async () => {
  const { earlier, state, work, add } = stage();
  await earlier.read([index]);
  state.meanwhile = () => earlier.clear();
  add();
  await work();
  expect(Object.keys(state.noted)).toEqual([]);
});
