import { describe, expect, test } from 'vitest';
import type { DropJournal } from '../../../src/delivery-log/drop-journal.ts';
import { channelName, endpoint } from '../../support/unit/application.ts';
import { one, reloadStage as stage, serving, two } from '../../support/unit/reload-stage.ts';

describe('an endpoint that is disabled', () => {
  const off = endpoint({ ...one, eventTypes: ['channel_occupied', 'cache_miss'], isEnabled: false });
  const recorded = (drops: DropJournal) =>
    drops.read('1').dropped.map(({ endpoint: id, channel, reason }) => `${id} ${channel} ${reason}`);

  test('is sent nothing, and each event that it selects is recorded; others get theirs', async () => {
    const { clock, sender, drops, append } = stage(serving(off, two));
    append('a');
    append('b');
    await clock.advance(400_000);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied a']);
    expect(sender.expectPost('http://two/').lines).toEqual(['channel_occupied b']);
    sender.expectNoPost();
    expect(recorded(drops)).toEqual(['one a disabled', 'one b disabled']);
  });

  test('immediately loses, with a record, what waits for it', async () => {
    const { clock, sender, drops, dispatcher, append } = stage();
    const queued = () => [...dispatcher.readQueues()].reduce((sum, { events }) => sum + events, 0);
    append('a');
    await clock.advance(0);
    await sender.expectPost().answer(500);
    append('a');
    expect(queued()).toBe(2);
    dispatcher.replace(serving(off));
    expect(queued()).toBe(0);
    expect(recorded(drops)).toEqual(['one a disabled']);
    await clock.advance(400_000);
    sender.expectNoPost();
  });

  test('may still accept an attempt in progress; otherwise that is not retried, even once it is enabled', async () => {
    const { clock, sender, drops, dispatcher, append } = stage();
    append('taken');
    append('refused');
    await clock.advance(0);
    const [taken, refused] = [sender.expectPost(), sender.expectPost()];
    dispatcher.replace(serving(off));
    await taken.answer(200);
    append('refused');
    dispatcher.replace(serving(one));
    await refused.answer(500);
    await clock.advance(400_000);
    sender.expectNoPost();
    expect(recorded(drops)).toEqual(['one refused disabled']);
  });

  test('gets events again from when it is enabled', async () => {
    const { clock, sender, dispatcher, append, log } = stage(serving(off));
    append('a');
    append('b');
    dispatcher.replace(serving(one));
    append('c');
    await clock.advance(0);
    expect(sender.expectPost().lines).toEqual(['channel_occupied c']);
    sender.expectNoPost();
    expect(log).toEqual([
      'warn webhook endpoint is disabled: waiting and new events are not sent to it {"appId":"1","endpoint":"one","events":0}',
      'info webhook endpoint is enabled again: these events were not sent to it {"appId":"1","endpoint":"one","events":2}',
    ]);
  });

  test('is logged once, however much happens', async () => {
    const { clock, log, append } = stage(serving(off));
    for (let count = 0; count < 1000; count += 1) append(`channel-${count}`);
    await clock.advance(60_000);
    expect(log).toHaveLength(1);
  });

  test('delays no shutdown', async () => {
    const { append, dispatcher, clock } = stage(serving(off));
    append('a');
    await dispatcher.close(5000);
    expect(clock.pending).toBe(0);
  });

  test('has a cache miss reported again, like any that reached nobody', () => {
    const { appendAll, forgotten } = stage(serving(off));
    appendAll('1', [{ name: 'cache_miss', channel: channelName('cache-a'), episode: 'e1' }]);
    expect(forgotten).toEqual(['1 cache-a e1']);
  });
});
