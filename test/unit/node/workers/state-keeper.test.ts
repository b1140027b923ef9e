import { describe, expect, test } from 'vitest';
import type { Application } from '../../../../src/apps/application.ts';
import type { Join } from '../../../../src/ports/attendance.ts';
import { application, channelName } from '../../../support/unit/application.ts';
import { keeperStage } from '../../../support/workers/keeper-stage.ts';

const counting = application({ subscriptionCount: true });
const news = channelName('news');
const join: Join = {
  appId: '1',
  channel: news,
  memberLimit: 100,
  readsCache: false,
  wantsCacheMiss: false,
};

test('an app that was removed and returns has no subscribers, and then only new ones', () => {
  const { apps, events, keeper, ledger, subscribers } = keeperStage();
  const configure = (...configured: readonly Application[]) => {
    apps.replace(configured);
    subscribers.follow(apps, []);
  };
  configure(counting);
  for (const worker of [1, 2]) {
    keeper.join(worker, join, false);
    keeper.count(worker, '1', news, 1);
  }
  expect(subscribers.noted('1', news)).toBe(2);
  configure();
  // The workers disconnect the clients when they receive the message, which is later.
  for (const worker of [1, 2]) {
    keeper.leave(worker, { appId: '1', channel: news, channelLingersMs: 0 });
    keeper.count(worker, '1', news, 0);
  }
  void ledger.retire('1');
  configure(counting);
  expect(subscribers.noted('1', news)).toBe(0);
  events.length = 0;

  for (const worker of [1, 2]) keeper.join(worker, join, false);
  expect(apps.byId('1')?.registry.occupiedChannels).toBe(1);
  keeper.leave(1, { appId: '1', channel: news, channelLingersMs: 0 });
  ledger.sweep();
  expect(events.map(({ name }) => name)).toEqual(['channel_occupied']);
  keeper.leave(2, { appId: '1', channel: news, channelLingersMs: 0 });
  ledger.sweep();
  expect(events.map(({ name }) => name)).toEqual(['channel_occupied', 'channel_vacated']);
});

describe('an app that sends counts from now on', () => {
  function countsFrom() {
    const stage = keeperStage();
    stage.apps.replace([counting]);
    stage.subscribers.follow(stage.apps, [1, 2]);
    const sent = () => stage.events.splice(0).map((event) => 'count' in event && event.count);
    return { ...stage, sent };
  }

  test('sends the count of a change once every worker has reported what it had', () => {
    const { keeper, sent } = countsFrom();
    keeper.counts(1, '1', [[news, 6]]);
    keeper.count(1, '1', news, 7);
    expect(sent()).toEqual([]);
    keeper.counts(2, '1', [[news, 6]]);
    expect(sent()).toEqual([13]);
    keeper.count(2, '1', news, 5);
    expect(sent()).toEqual([12]);
  });

  test('sends none before a change', () => {
    const { keeper, subscribers, sent } = countsFrom();
    for (const worker of [1, 2]) keeper.counts(worker, '1', [[news, 6]]);
    expect(sent()).toEqual([]);
    expect(subscribers.noted('1', news)).toBe(12);
  });

  test('forgets them when it stops, whatever workers still report', () => {
    const { apps, keeper, subscribers, sent } = countsFrom();
    for (const worker of [1, 2]) keeper.counts(worker, '1', [[news, 6]]);
    apps.replace([application()]);
    subscribers.follow(apps, [1, 2]);
    keeper.count(1, '1', news, 5);
    keeper.counts(2, '1', [[news, 5]]);
    apps.replace([counting]);
    subscribers.follow(apps, [1, 2]);
    for (const worker of [1, 2]) keeper.counts(worker, '1', []);
    expect(subscribers.noted('1', news)).toBe(0);
    expect(sent()).toEqual([]);
  });
});
