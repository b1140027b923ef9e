import { describe, expect, test } from 'vitest';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { application, channelName, socketIdOf } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const news = channelName('news');
const encode = (channel: string) => `{"event":"a","channel":"${channel}","data":"{}"}`;

function stage() {
  const hub = hubStage({ apps: [application(), application({ id: '2', key: 'other' })] });
  const delivery = hub.fanout;
  const [one, two, outsider] = [hub.connect().join('news'), hub.connect().join('news'), hub.connect()];
  const counts = () => [one, two, outsider].map(({ socket }) => socket.takeFrames().length);
  return { ...hub, delivery, one, two, outsider, counts };
}

describe('a published frame', () => {
  test('reaches every subscriber of the channel', () => {
    const { delivery, counts } = stage();
    delivery.publish('1', news, encode);
    expect(counts()).toEqual([1, 1, 0]);
  });

  test('does not reach the excluded connection', () => {
    const { delivery, counts, one } = stage();
    delivery.publish('1', news, encode, one.id);
    expect(counts()).toEqual([0, 1, 0]);
  });

  test('reaches everyone if the excluded connection is not subscribed', () => {
    const { delivery, counts, outsider } = stage();
    delivery.publish('1', news, encode, outsider.id);
    expect(counts()).toEqual([1, 1, 0]);
  });

  test('reaches everyone if the excluded connection is unknown, closed or of another app', () => {
    const { delivery, counts, connect } = stage();
    const closed = connect().join('news');
    closed.vanish();
    const otherAppClient = connect('other').join('news');
    for (const except of [socketIdOf('9.9'), closed.id, otherAppClient.id]) {
      delivery.publish('1', news, encode, except);
    }
    expect(counts()).toEqual([3, 3, 0]);
    otherAppClient.socket.expectNoFrame();
  });

  test('reaches nobody if the app is unknown or the channel is empty', () => {
    const { delivery, counts } = stage();
    delivery.publish('9', news, encode);
    delivery.publish('1', channelName('empty'), encode);
    expect(counts()).toEqual([0, 0, 0]);
  });

  test('is not even encoded if there is no other subscriber', () => {
    const { delivery, connect, one } = stage();
    const alone = connect().join('own');
    const encoded: string[] = [];
    const note = (channel: string) => {
      encoded.push(channel);
      return encode(channel);
    };
    delivery.publish('1', channelName('empty'), note, one.id);
    delivery.publish('1', channelName('own'), note, alone.id);
    expect(encoded).toEqual([]);
    delivery.publish('1', channelName('own'), note, one.id);
    delivery.publish('1', news, note, one.id);
    expect(encoded).toEqual(['own', 'news']);
  });

  test('stays within its app, whatever the ids of the apps are', () => {
    const apps = new LocalApps(
      Array.from({ length: 12 }, (_, id) => application({ id: `${id}`, key: `${id}` })),
    );
    const topics = [...apps].flatMap((app) => [app.topic(news), app.topic(channelName('1'))]);
    expect(new Set(topics).size).toBe(24);
  });
});
