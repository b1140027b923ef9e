import type { Application } from '../../../src/apps/application.ts';
import { DropJournal } from '../../../src/delivery-log/drop-journal.ts';
import { silentLog, type LogFields } from '../../../src/ports/log.ts';
import { FakeClock } from '../fake-clock.ts';
import { defaultPolicy } from '../property/delivery-shell.ts';
import { application, channelName, endpoint } from './application.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { FakeSender } from './fake-sender.ts';

export const one = endpoint({ id: 'one', url: 'http://one/' });
export const two = endpoint({ id: 'two', url: 'http://two/' });
export const serving = (...endpoints: (typeof one)[]) => [application({ endpoints })];

/** A dispatcher without a store, with one event per batch. */
export function reloadStage(applications: readonly Application[] = serving(one)) {
  const clock = new FakeClock();
  const sender = new FakeSender();
  const drops = new DropJournal();
  const log: string[] = [];
  const recordAt = (level: string) => (fields: LogFields, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const forgotten: string[] = [];
  const { dispatcher, append } = createDispatcher({
    clock,
    sender,
    log: { ...silentLog, info: recordAt('info'), warn: recordAt('warn') },
    drops,
    applications,
    ledger: () => ({
      forgetCacheMiss: (appId, channel, episode) => void forgotten.push(`${appId} ${channel} ${episode}`),
    }),
    policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents: 1 } },
  });
  return {
    clock,
    sender,
    drops,
    log,
    forgotten,
    dispatcher,
    appendAll: append,
    append: (channel: string, appId = '1') =>
      append(appId, [{ name: 'channel_occupied', channel: channelName(channel) }]),
    /** How many endpoints have a queue. */
    queues: () => [...dispatcher.readQueues()].length,
  };
}
