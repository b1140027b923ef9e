import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Turn } from '../../../src/transport/turn.ts';

/** Sockets that record what they are sent and what was combined into one write; a turn with many messages. */
function stage() {
  const turn = new Turn();
  for (let count = 0; count < 16; count += 1) turn.publish(() => {});
  const done: string[] = [];
  const socket = (name: string) => ({
    name,
    cork(act: () => void) {
      done.push(`${name}(`);
      act();
      done.push(')');
    },
  });
  const [one, two] = [socket('one'), socket('two')];
  const publish = (what: string) => turn.publish(() => void done.push(what));
  const send = (to: typeof one, what: string) => turn.act(to, () => void done.push(`${to.name} ${what}`));
  return { turn, done, one, two, publish, send };
}

describe('a turn', () => {
  test('with few messages defers nothing', () => {
    const turn = new Turn();
    let done = 0;
    for (let count = 1; count <= 16; count += 1) {
      turn.publish(() => (done += 1));
      expect(done).toBe(count);
    }
    turn.publish(() => (done += 1));
    expect(done).toBe(16);
  });

  test('with more messages publishes when it ends, and keeps the order of what follows', async () => {
    const { done, one, two, publish, send } = stage();
    send(one, 'before');
    publish('news');
    send(one, 'after');
    send(two, 'after');
    publish('more news');
    expect(done).toEqual(['one before']);
    await setImmediate();
    expect(done).toEqual(['one before', 'news', 'one after', 'two after', 'more news']);
    send(one, 'at once again');
    publish('news at once again');
    expect(done.slice(-2)).toEqual(['one at once again', 'news at once again']);
  });

  test('after a busy one defers everything, until it is calm again', async () => {
    const { done, publish } = stage();
    for (const news of ['1', '2', '3']) publish(news);
    await setImmediate();
    expect(done).toEqual(['1', '2', '3']);
    for (const news of ['4', '5']) publish(news);
    expect(done).toEqual(['1', '2', '3']);
    await setImmediate();
    publish('6');
    expect(done).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('combines successive messages of one socket into one write', async () => {
    const { done, one, two, publish, send } = stage();
    publish('news');
    for (const what of ['a', 'b']) send(one, what);
    send(two, 'c');
    send(one, 'd');
    await setImmediate();
    expect(done).toEqual(['news', 'one(', 'one a', 'one b', ')', 'two c', 'one d']);
  });

  test('runs what its actions add, after the rest', async () => {
    const { turn, done, one, publish, send } = stage();
    publish('news');
    turn.act(one, () => {
      done.push('one ends');
      turn.depart(() => publish('one has left'));
      send(one, 'nothing more');
    });
    publish('more news');
    await setImmediate();
    expect(done).toEqual(['news', 'one ends', 'more news', 'one has left', 'one nothing more']);
  });

  test('holds only a limited number of actions', () => {
    const { turn, done, one, publish } = stage();
    publish('news');
    let count = 0;
    while (done.length === 0) {
      turn.act(one, () => {});
      count += 1;
    }
    expect(count).toBe(9999);
  });

  test('continues after an action that failed', async () => {
    const { turn, done, publish } = stage();
    turn.publish(() => {
      throw new Error('fault');
    });
    expect(() => turn.end()).toThrow('fault');
    expect(() =>
      turn.depart(() => {
        throw new Error('another');
      }),
    ).toThrow('another');
    publish('news');
    expect(done).toEqual(['news']);
    await setImmediate();
    expect(done).toEqual(['news']);
  });

  test('can be ended immediately', async () => {
    const { turn, done, publish } = stage();
    publish('news');
    turn.end();
    expect(done).toEqual(['news']);
    await setImmediate();
    expect(done).toEqual(['news']);
  });
});

describe('notices of departures', () => {
  test('are sent when the turn ends, if no other connection ends', async () => {
    const { turn, done, publish } = stage();
    turn.depart(() => publish('left'));
    await setImmediate();
    expect(done).toEqual(['left']);
  });

  test('wait for others that leave with them, but for at most four turns', async () => {
    const { turn, done, publish } = stage();
    const leave = (member: number) => turn.depart(() => publish(`${member} left`));
    const departures = [1, 2, 3, 4, 5].map((member) => `${member} left`);
    leave(1);
    for (const member of [2, 3, 4, 5]) {
      leave(member);
      expect(done).toEqual([]);
      await setImmediate();
    }
    expect(done).toEqual(departures);
    leave(6);
    expect(done).toEqual(departures);
    await setImmediate();
    expect(done).toEqual([...departures, '6 left']);
  });

  test('wait only for the end of the turn if something else has to be sent', async () => {
    const { turn, done, one, publish, send } = stage();
    for (const sendOther of [() => publish('news'), () => send(one, 'news')]) {
      done.length = 0;
      turn.depart(() => publish('left'));
      turn.depart(() => publish('left too'));
      sendOther();
      await setImmediate();
      expect(done).toHaveLength(3);
    }
  });
});

test('are sent once and in order, whatever else happens', async () => {
  const step = fc.constantFrom('publish', 'publish', 'publish', 'act', 'depart', 'turn', 'end');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const turn = new Turn();
      const { one } = stage();
      const ran: number[] = [];
      let added = 0;
      const addAction = (): (() => void) => {
        const number = added;
        added += 1;
        return () => void ran.push(number);
      };
      for (const kind of steps) {
        if (kind === 'publish') turn.publish(addAction());
        else if (kind === 'act') turn.act(one, addAction());
        else if (kind === 'depart') turn.depart(() => turn.publish(addAction()));
        else if (kind === 'turn') await setImmediate();
        else turn.end();
      }
      for (let turns = 0; turns < 5; turns += 1) await setImmediate();
      expect(ran).toEqual(Array.from({ length: added }, (_, number) => number));
    }),
  );
});
