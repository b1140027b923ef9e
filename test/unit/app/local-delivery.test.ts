import { describe, expect, test } from 'vitest';
import { LocalApps } from '../../../src/app/local-app.ts';
import { application, channelName, socketIdOf } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const news = channelName('news');
const frame = '{"event":"a","channel":"news","data":"{}"}';

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
    delivery.publish('1', news, frame);
    expect(counts()).toEqual([1, 1, 0]);
  });

  test('spares the connection that is left out', () => {
    const { delivery, counts, one } = stage();
    delivery.publish('1', news, frame, one.id);
    expect(counts()).toEqual([0, 1, 0]);
  });

  test('reaches everybody when the connection left out does not hold the channel', () => {
    const { delivery, counts, outsider } = stage();
    delivery.publish('1', news, frame, outsider.id);
    expect(counts()).toEqual([1, 1, 0]);
  });

  test('reaches everybody when the connection left out is unknown, closed or of another app', () => {
    const { delivery, counts, connect } = stage();
    const gone = connect().join('news');
    gone.vanish();
    const foreigner = connect('other').join('news');
    for (const except of [socketIdOf('9.9'), gone.id, foreigner.id]) {
      delivery.publish('1', news, frame, except);
    }
    expect(counts()).toEqual([3, 3, 0]);
    foreigner.socket.expectNoFrame();
  });

  test('of an unknown app or on an empty channel reaches nobody', () => {
    const { delivery, counts } = stage();
    delivery.publish('9', news, frame);
    delivery.publish('1', channelName('empty'), frame);
    expect(counts()).toEqual([0, 0, 0]);
  });

  test('stays within its app, however apps are numbered', () => {
    const apps = new LocalApps(
      Array.from({ length: 12 }, (_, id) => application({ id: `${id}`, key: `${id}` })),
    );
    const topics = [...apps].flatMap((app) => [app.topic(news), app.topic(channelName('1'))]);
    expect(new Set(topics).size).toBe(24);
  });
});
