import { describe, expect, test } from 'vitest';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { Publisher } from '../../../src/http-api/publisher.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noWitness, type Witness } from '../../../src/ports/witness.ts';
import type { Trigger } from '../../../src/protocol/trigger-request.ts';
import { application, channelName } from '../../support/unit/application.ts';
import { RecordingFanout } from '../../support/unit/recording-fanout.ts';

const trigger = (name: string, ...channels: readonly string[]): Trigger => ({
  name,
  data: '{}',
  channels: channels.map(channelName),
  except: undefined,
  info: [],
});

function stage({ perSecond = Infinity, isAdmitted = true, cached = Promise.resolve() } = {}) {
  const fanout = new RecordingFanout();
  const witnessed: unknown[] = [];
  const counted: unknown[] = [];
  const kept: string[] = [];
  const witness: Witness = {
    ...noWitness,
    published: (appId, { name }, source) => void witnessed.push([appId, name, source]),
  };
  const publisher = new Publisher({
    fanout,
    log: silentLog,
    metrics: { messagePublished: (appId, source) => void counted.push([appId, source]) },
    witness,
    ledger: {
      admitTriggers: async () => isAdmitted,
      cacheEvent(_appId, channel) {
        kept.push(channel);
        return cached;
      },
      forgetCacheMiss: () => {},
    },
  });
  const apps = new LocalApps([application({ limits: { triggersPerSecond: perSecond } })]);
  const app = apps.byId('1');
  if (app === undefined) throw new Error('there is an app');
  return { publisher, app, fanout, witnessed, counted, kept };
}

describe('publishing', () => {
  test('reaches every channel in order, immediately if nothing has to be stored', () => {
    const { publisher, app, fanout, witnessed, counted } = stage();
    const all = [trigger('a', 'news', 'weather'), trigger('b', 'news')];
    expect(publisher.publish(app, all, 'admin')).toBeUndefined();
    expect(fanout.channels).toEqual(['news', 'weather', 'news']);
    expect(counted).toEqual([
      ['1', 'api'],
      ['1', 'api'],
      ['1', 'api'],
    ]);
    expect(witnessed).toEqual([
      ['1', 'a', 'admin'],
      ['1', 'b', 'admin'],
    ]);
  });

  test('waits until events of cache channels are stored', async () => {
    let keep = (): void => {};
    const cached = new Promise<void>((resolve) => (keep = resolve));
    const { publisher, app, kept } = stage({ cached });
    let isDone = false;
    const published = Promise.resolve(publisher.publish(app, [trigger('a', 'cache-news')], 'api'));
    void published.then(() => (isDone = true));
    await Promise.resolve();
    expect([kept, isDone]).toEqual([['cache-news'], false]);
    keep();
    expect(await published).toBeUndefined();
  });

  test('refuses all of a batch that exceeds the limit of a second', async () => {
    const refused = stage({ perSecond: 2, isAdmitted: false });
    expect(await refused.publisher.publish(refused.app, [trigger('a', 'news')], 'api')).toMatchObject({
      status: 429,
    });
    const admitted = stage({ perSecond: 2 });
    const three = [trigger('a', 'news'), trigger('b', 'news'), trigger('c', 'news')];
    expect(await admitted.publisher.publish(admitted.app, three, 'api')).toMatchObject({ status: 400 });
    for (const { fanout, witnessed } of [refused, admitted]) {
      fanout.expectNothing();
      expect(witnessed).toEqual([]);
    }
    expect(await admitted.publisher.publish(admitted.app, [trigger('a', 'news')], 'api')).toBeUndefined();
    expect(admitted.fanout.channels).toEqual(['news']);
  });
});
