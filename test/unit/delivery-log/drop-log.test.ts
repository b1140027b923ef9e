import { describe, expect, test } from 'vitest';
import { DropLog } from '../../../src/delivery-log/drop-log.ts';
import { silentLog, type LogFields } from '../../../src/ports/log.ts';
import type { QueuedEvent } from '../../../src/webhooks/lane.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { channelName } from '../../support/unit/application.ts';

function stage() {
  const clock = new FakeClock();
  const lines: LogFields[] = [];
  const log = new DropLog(clock, { ...silentLog, warn: (fields) => void lines.push(fields) });
  return { clock, lines, log };
}

function dropped(count: number): QueuedEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    event: { name: 'channel_vacated', channel: channelName(`room-${index}`) },
    json: '{}',
    bytes: 2,
    seq: 0,
    createdAt: 0,
  }));
}

describe('the log of drops', () => {
  test('contains the first drop immediately and sums up those that follow', () => {
    const { clock, lines, log } = stage();
    for (let time = 0; time < 50; time += 1) log.add({}, 'overflow', dropped(1));
    expect(lines.map(({ events }) => events)).toEqual([1]);
    clock.advanceSync(1000);
    expect(lines.map(({ events }) => events)).toEqual([1, 49]);
  });

  test('names every channel, however many there are', () => {
    const { lines, log } = stage();
    log.add({}, 'shutdown', dropped(250));
    expect(lines.flatMap(({ channels }) => channels)).toHaveLength(250);
    expect(lines).toHaveLength(3);
  });

  test('accepts any number of events in one drop', () => {
    const { lines, log } = stage();
    log.add({}, 'shutdown', dropped(1));
    log.add({}, 'shutdown', dropped(1));
    log.add({}, 'shutdown', dropped(300_000));
    log.close();
    expect(lines.at(-1)).toMatchObject({ events: 300_001, ofChannels: 300_000 });
  });

  test('leaves no timer', () => {
    const { clock, log } = stage();
    log.add({}, 'shutdown', dropped(1));
    log.close();
    expect(clock.pending).toBe(0);
  });
});
