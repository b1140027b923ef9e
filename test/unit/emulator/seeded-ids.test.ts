import { describe, expect, test } from 'vitest';
import { SeededIds } from '../../../src/emulator/seeded-ids.ts';

const draw = (ids: SeededIds, count: number) =>
  Array.from({ length: count }, () => [ids.socketId(), ids.webhookId(), ids.requestId()]).flat();

describe('ids of a seed', () => {
  test('are equal for the same seed, and different for another', () => {
    const drawn = draw(new SeededIds(7), 100);
    expect(draw(new SeededIds(7), 100)).toEqual(drawn);
    expect(new Set([...drawn, ...draw(new SeededIds(8), 100)]).size).toBe(600);
  });

  test('have the form of random ids', () => {
    const ids = new SeededIds(0);
    for (let count = 0; count < 1000; count += 1) {
      expect(ids.socketId()).toMatch(/^\d+\.\d+$/);
      expect(ids.webhookId()).toMatch(/^msg_[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      expect(ids.requestId()).toMatch(/^req_[\da-f-]{36}$/);
    }
  });

  test('never repeat after a restart, and do not depend on what was drawn before it', () => {
    const [busy, idle] = [new SeededIds(1), new SeededIds(1)];
    const before = draw(busy, 1000);
    for (const ids of [busy, idle]) ids.restart();
    const after = draw(busy, 1000);
    expect(draw(idle, 1000)).toEqual(after);
    expect(new Set([...before, ...after]).size).toBe(6000);
  });

  test('of webhooks do not depend on how many connections and requests there were', () => {
    const [busy, idle] = [new SeededIds(1), new SeededIds(1)];
    busy.socketId();
    busy.requestId();
    expect(busy.webhookId()).toBe(idle.webhookId());
  });
});
