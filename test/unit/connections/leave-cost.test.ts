import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

/** A stage whose ledger counts its calls. */
function countingStage() {
  const calls: string[] = [];
  const stage = hubStage({
    ledger: (memory) =>
      new Proxy<Ledger>(memory, {
        get(target, name: keyof Ledger) {
          return (...step: [{ channel?: string }]) => {
            calls.push(`${name} ${step[0]?.channel ?? ''}`.trim());
            return (target[name] as (...args: unknown[]) => unknown).apply(target, step);
          };
        },
      }),
  });
  return { ...stage, calls };
}

describe('the cost of leaving', () => {
  test("depends only on the socket's own channels, however many others there are", () => {
    const { connect, calls } = countingStage();
    const others = connect();
    for (let count = 0; count < 1000; count += 1) others.subscribe(`news-${count}`);
    const actor = connect().join('mine');
    calls.length = 0;
    actor.vanish();
    expect(calls).toEqual(['leave mine']);
  });

  test('is no call for a socket without channels', () => {
    const { connect, calls } = countingStage();
    connect().join('news');
    calls.length = 0;
    connect().vanish();
    expect(calls).toEqual([]);
  });

  test('is one call for the last subscriber of a channel, and none for those before', () => {
    const { connect, calls } = countingStage();
    const actors = Array.from({ length: 100 }, () => connect().join('news'));
    calls.length = 0;
    for (const actor of actors.slice(1)) actor.vanish();
    expect(calls).toEqual([]);
    actors[0]?.unsubscribe('news');
    expect(calls).toEqual(['leave news']);
  });

  test('is no call for a connection of a user who stays', () => {
    const { connect, calls } = countingStage();
    const [one, two] = [1, 2].map(() => connect().join('presence-a', { user_id: '7' }));
    calls.length = 0;
    one?.vanish();
    expect(calls).toEqual([]);
    two?.vanish();
    expect(calls).toEqual(['leave presence-a']);
  });
});
