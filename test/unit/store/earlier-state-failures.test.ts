import { expect, test } from 'vitest';
import { index, main, other, startSearch } from '../../support/redis/search-stage.ts';

// The search while Redis does not answer or loses data, and while the configuration or the owner changes.

test.each(['xrevrange', 'note-received'])(
  'a new endpoint is sent the state even if Redis did not answer %s after the search',
  async (command) => {
    const { earlier, state, found, work, add } = startSearch();
    await earlier.read([index]);
    await work();
    add();
    state.failing.add(command);
    await work();
    await work();
    expect(found).toContain('other');
    expect(Object.keys(state.noted)).toContain('1\nother');
  },
);

test('nothing is searched of a partition before the dispatcher has taken it over', async () => {
  const { before, earlier, state, found, work, add } = startSearch();
  state.isOpen = false;
  await earlier.read([index]);
  add();
  await work();
  expect([before, found, Object.keys(state.noted)]).toEqual([[], [], ['known', '1\nmain']]);
  state.isOpen = true;
  await work();
  expect([before.length, found]).toEqual([1, ['other']]);
});

test('an owner without an endpoint that was noted deletes the note before it takes events', async () => {
  const { earlier, state } = startSearch({
    known: '1',
    '1\nmain': '[[],"","",0]',
    '1\nother': '[[],"","",0]',
  });
  state.failing.add('note-received');
  await expect(earlier.read([index])).rejects.toThrow('connection lost');
  await earlier.read([index]);
  expect(Object.keys(state.noted)).not.toContain('1\nother');
});

test('the note of an endpoint that is removed during a search is deleted immediately', async () => {
  const { earlier, state, work, add } = startSearch();
  await earlier.read([index]);
  await work();
  let noted: readonly string[] = [];
  state.meanwhile = () => {
    state.endpoints = [other];
    earlier.configurationChanged();
    noted = Object.keys(state.noted);
  };
  add();
  await work();
  expect(noted).toEqual(['known']);
});

test('if that fails, it is deleted later', async () => {
  const { earlier, state, work } = startSearch();
  await earlier.read([index]);
  await work();
  state.endpoints = [];
  state.failing.add('note-received');
  earlier.configurationChanged();
  await work();
  await work();
  expect(Object.keys(state.noted)).toEqual(['known']);
});

test('what endpoints receive is remembered only as long as something is searched', async () => {
  const { earlier, state, add } = startSearch();
  await earlier.read([index]);
  add();
  state.endpoints = [main];
  earlier.configurationChanged();
  let reads = 0;
  const events = {
    *[Symbol.iterator]() {
      yield (reads += 1);
    },
  };
  earlier.delivered({ appId: '1', endpoint: main, events: events as never });
  expect(reads).toBe(0);
});

test('a note that was deleted does not come back if Redis loses the deletion', async () => {
  const { earlier, state, work } = startSearch({
    known: '1',
    '1\nmain': '[[],"","",0]',
    '1\nother': '[[],"","",0]',
  });
  const { '1\nother': lost = '' } = state.noted;
  await earlier.read([index]);
  await work();
  state.noted['1\nother'] = lost;
  earlier.storeAgain(index);
  expect(Object.keys(state.noted)).toEqual(['known', '1\nmain']);
});

test('an outbox that has become empty on another server does not leave an endpoint unsure', async () => {
  const { earlier, state, work, add, isUnsure } = startSearch();
  await earlier.read([index]);
  state.last = '9-1';
  add();
  await work();
  expect(isUnsure(other, 1000)).toBe(true);
  Object.assign(state, { last: '', taken: '0-0' });
  earlier.reread();
  await work();
  expect(isUnsure(other, 1000)).toBe(false);
});
