import { expect, test } from 'vitest';
import { index, main, other, room, startSearch } from '../../support/redis/search-stage.ts';
import { endpoint } from '../../support/unit/application.ts';

test('endpoints of a partition of which nothing was noted have received everything, and that is noted', async () => {
  const { before, earlier, state, work, isUnsure, found } = startSearch();
  await earlier.read([index]);
  await work();
  expect([before, found]).toEqual([[], []]);
  expect(Object.keys(state.noted)).toEqual(['known', '1\nmain']);
  expect([isUnsure(main, 1), isUnsure(other, 1)]).toEqual([false, true]);
});

test('an endpoint that is added by the next owner is new, even if there was none before', async () => {
  const { earlier, state } = startSearch();
  state.endpoints = [];
  await earlier.read([index]);
  expect(state.noted).toEqual({ known: '1' });
  const next = startSearch(state.noted);
  await next.earlier.read([index]);
  await next.work();
  expect(next.found).toEqual(['main']);
});

test('what a new endpoint may not know is kept before it is noted, and sent afterwards', async () => {
  const { before, earlier, log, found, work, add } = startSearch();
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
  const { before, earlier, state, found, work, add } = startSearch();
  await earlier.read([index]);
  state.isKept = false;
  add();
  await work();
  expect([before.length, found, Object.keys(state.noted)]).toEqual([1, [], ['known', '1\nmain']]);
  state.isKept = true;
  await work();
  expect([before.length, found]).toEqual([2, ['other']]);
  expect(Object.keys(state.noted)).toContain('1\nother');
});

test('a new endpoint is unsure of all events until those are taken that were in the outbox', async () => {
  const { earlier, state, work, add, isUnsure } = startSearch();
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
  const next = startSearch(state.noted);
  next.state.endpoints = [main, other];
  await next.earlier.read([index]);
  await next.work();
  expect([next.before, next.isUnsure(other, 30), next.isUnsure(other, 31)]).toEqual([[], true, false]);
});

test('a node that takes over before that does not search again, and is unsure as well', async () => {
  const { earlier, state, work, add } = startSearch();
  await earlier.read([index]);
  state.last = '9-1';
  add();
  await work();
  const next = startSearch(state.noted);
  Object.assign(next.state, { endpoints: [main, other], last: '9-1', taken: '9-1', seq: 40 });
  await next.earlier.read([index]);
  expect(next.isUnsure(other, 1000)).toBe(true);
  await next.work();
  expect([next.before, next.isUnsure(other, 40), next.isUnsure(other, 41)]).toEqual([[], true, false]);
});

test('what the endpoint has received since it was added is not sent again', async () => {
  const { before, earlier, state, work, add } = startSearch();
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
  const { before, earlier, state, work } = startSearch({ known: '1' });
  await earlier.read([index]);
  const event = { name: 'member_added', channel: room, userId: 'u1' } as const;
  state.meanwhile = () =>
    earlier.delivered({ appId: '1', endpoint: main, events: [{ event, seq: 8, bytes: 1 }] as never });
  await work();
  expect(before.map(({ subjects }) => subjects)).toEqual([['', 'u1']]);
});

test('an endpoint that is removed while it is searched for is not noted', async () => {
  const { earlier, state, work, add, found } = startSearch();
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
  const { before, earlier, state, work, isUnsure } = startSearch();
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
  const { before, earlier, state, work } = startSearch({ known: '1', '1\nmain': '{"by":"another version"}' });
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
  const { earlier, state, log, work, add } = startSearch();
  await earlier.read([index]);
  log.length = 0;
  state.meanwhile = () => earlier.clear();
  add();
  await work();
  expect(log).toEqual([]);
});

test('a request also concerns what is still searched for', async () => {
  const { earlier, state, found, work, add } = startSearch();
  await earlier.read([index]);
  await work();
  add();
  earlier.asked('1', 'other');
  await work();
  expect(found).toEqual(['other, asked']);
  // Not what is searched for later, nor an endpoint that was removed meanwhile.
  state.endpoints = [main];
  earlier.configurationChanged();
  earlier.asked('1', 'main');
  add();
  earlier.asked('1', 'other');
  state.endpoints = [main];
  earlier.configurationChanged();
  add();
  await work();
  await work();
  expect(found).toEqual(['other, asked', 'other']);
});
