import { describe, expect, it } from 'vitest';
import type { Rank } from '../../../src/webhooks/rank.ts';
import { Turns, type TurnKey } from '../../../src/webhooks/turns.ts';

/** Serves lanes as a crowded backlog does, which never puts them back. */
class Served {
  readonly turns = new Turns<string>();
  readonly #keys = new Map<string, TurnKey<string>>();

  add(lane: string, source: string, rank: Rank): void {
    this.#keys.set(lane, this.turns.add(lane, source, rank));
  }

  remove(lane: string): void {
    const key = this.#keys.get(lane);
    if (key === undefined) throw new Error(`there is no lane ${lane}`);
    this.turns.remove(key);
  }

  serve(): readonly string[] {
    const served: string[] = [];
    for (let lane = this.turns.next; lane !== undefined; lane = this.turns.next) {
      served.push(lane);
      this.remove(lane);
    }
    return served;
  }
}

describe('lanes of one rank', () => {
  it('are served in the order in which they were added, if they have one source', () => {
    const served = new Served();
    for (const lane of ['a', 'b', 'c']) served.add(lane, 'one', 0);
    expect(served.serve()).toEqual(['a', 'b', 'c']);
  });

  it('are served in turn by source', () => {
    const served = new Served();
    for (const lane of ['a1', 'a2', 'a3']) served.add(lane, 'a', 0);
    for (const lane of ['b1', 'b2']) served.add(lane, 'b', 0);
    served.add('c1', 'c', 0);
    expect(served.serve()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('are served for a source that had none left and has some again', () => {
    const served = new Served();
    served.add('a1', 'a', 0);
    served.add('b1', 'b', 0);
    expect(served.serve()).toEqual(['a1', 'b1']);
    served.add('b2', 'b', 0);
    served.add('a2', 'a', 0);
    expect(served.serve()).toEqual(['b2', 'a2']);
  });

  it('are served after the only other source has none left', () => {
    const served = new Served();
    served.add('a1', 'a', 0);
    expect(served.serve()).toEqual(['a1']);
    served.add('b1', 'b', 0);
    expect(served.serve()).toEqual(['b1']);
  });

  it('are not served once they are removed', () => {
    const served = new Served();
    for (const lane of ['a1', 'a2', 'a3']) served.add(lane, 'a', 0);
    served.remove('a2');
    expect(served.serve()).toEqual(['a1', 'a3']);
  });

  it('give the turn to another source when one is removed', () => {
    const served = new Served();
    for (const lane of ['a1', 'a2', 'a3']) served.add(lane, 'a', 0);
    for (const lane of ['b1', 'b2']) served.add(lane, 'b', 0);
    served.remove('a1');
    expect(served.turns.next).toBe('b1');
  });
});

describe('ranks', () => {
  it('are served in turn', () => {
    const served = new Served();
    for (const lane of ['x1', 'x2']) served.add(lane, 'a', 0);
    for (const lane of ['y1', 'y2', 'y3']) served.add(lane, 'a', 2);
    expect(served.serve()).toEqual(['x1', 'y1', 'x2', 'y2', 'y3']);
  });

  it('continue with the one after the last that was served, even if it is added later', () => {
    const served = new Served();
    for (const lane of ['x1', 'x2']) served.add(lane, 'a', 1);
    served.remove('x1');
    served.add('w1', 'a', 0);
    served.add('y1', 'a', 2);
    expect(served.serve()).toEqual(['y1', 'w1', 'x2']);
  });

  it('that do not exist are an error', () => {
    expect(() => new Turns<string>().add('a', 'a', 99 as Rank)).toThrow('there is no rank 99');
  });
});

it('there is no next lane when nothing may be sent', () => {
  expect(new Turns<string>().next).toBeUndefined();
});
