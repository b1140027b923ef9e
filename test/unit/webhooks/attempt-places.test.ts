import { describe, expect, test } from 'vitest';
import {
  AttemptPlaces,
  type Claim,
  type Contender,
  type Place,
  type StartPacing,
} from '../../../src/webhooks/attempt-places.ts';

/** Starts attempts as long as it wants more and finds places. */
class Starter implements Contender {
  claim: Claim;
  wanted: number;
  readonly held: Place[] = [];
  readonly #places: AttemptPlaces;

  constructor(places: AttemptPlaces, claim: Claim, wanted = 1) {
    this.#places = places;
    this.claim = claim;
    this.wanted = wanted;
    this.proceed();
  }

  proceed(): void {
    while (this.wanted > 0) {
      const place = this.#places.take(this);
      if (place === undefined) return;
      this.wanted -= 1;
      this.held.push(place);
    }
  }

  /** Its oldest attempt has ended. */
  end(): void {
    const place = this.held.shift();
    if (place === undefined) throw new Error('nothing is under way');
    this.#places.giveBack(place);
  }
}

const started = (starters: readonly Starter[]): number =>
  starters.reduce((sum, { held }) => sum + held.length, 0);

describe('places', () => {
  test.each([
    ['silent', 32],
    ['further', 32],
    ['untried', 48],
    ['first', 64],
  ] as const)('of 64 are taken by attempts that are %s up to %i', (claim, most) => {
    const places = new AttemptPlaces(64);
    const starters = Array.from({ length: 100 }, () => new Starter(places, claim));
    expect(started(starters)).toBe(most);
    expect(places.underWay).toBe(most);
    expect(places.waiting).toBe(100 - most);
  });

  test('stay available to endpoints that answer, however many do not', () => {
    const places = new AttemptPlaces(64);
    const silent = Array.from({ length: 1000 }, () => new Starter(places, 'silent'));
    const untried = Array.from({ length: 1000 }, () => new Starter(places, 'untried'));
    const answering = Array.from({ length: 16 }, () => new Starter(places, 'first'));
    expect([started(silent), started(untried), started(answering)]).toEqual([32, 16, 16]);
  });

  test('go to whoever has waited longest, one at a time', () => {
    const places = new AttemptPlaces(2);
    const busy = [new Starter(places, 'first'), new Starter(places, 'first')];
    const greedy = new Starter(places, 'first', 100);
    const modest = new Starter(places, 'first');
    busy[0]?.end();
    expect([greedy.held.length, modest.held.length]).toEqual([1, 0]);
    busy[1]?.end();
    expect([greedy.held.length, modest.held.length]).toEqual([1, 1]);
  });

  test('go to everybody in the end, however busy the others are', () => {
    const places = new AttemptPlaces(16);
    const answering = Array.from({ length: 100 }, () => new Starter(places, 'first', 1000));
    const others = (['silent', 'untried', 'further'] as const).map((claim) => new Starter(places, claim));
    for (let round = 0; round < 10 && started(others) < others.length; round += 1) {
      answering.find(({ held }) => held.length > 0)?.end();
      expect(places.underWay).toBe(16);
    }
    expect(others.map(({ held }) => held.length)).toEqual([1, 1, 1]);
  });

  test('are requested for the current kind of the attempt', () => {
    const places = new AttemptPlaces(4);
    const silent = [new Starter(places, 'silent'), new Starter(places, 'silent')];
    const recovered = new Starter(places, 'silent');
    expect(recovered.held).toHaveLength(0);
    recovered.claim = 'first';
    recovered.proceed();
    expect(recovered.held).toHaveLength(1);
    expect(places.waiting).toBe(0);
    silent[0]?.end();
    expect(places.underWay).toBe(2);
  });

  test('are not kept for contenders that have left', () => {
    const places = new AttemptPlaces(1);
    const busy = new Starter(places, 'first');
    const gone = new Starter(places, 'first');
    const next = new Starter(places, 'first');
    places.leave(gone);
    busy.end();
    expect([gone.held.length, next.held.length]).toEqual([0, 1]);
  });

  test('may be returned within the call', () => {
    const places = new AttemptPlaces(1);
    const busy = new Starter(places, 'first');
    let calls = 0;
    const brief: Contender = {
      claim: 'first',
      proceed() {
        const place = places.take(brief);
        calls += 1;
        if (place !== undefined) places.giveBack(place);
      },
    };
    places.take(brief);
    const next = new Starter(places, 'first');
    busy.end();
    expect(calls).toBe(1);
    expect(next.held).toHaveLength(1);
  });
});

test('limit the starts in a turn of the event loop, and the next turn continues', () => {
  const waiting: (() => void)[] = [];
  const turns: StartPacing = { starts: 16, next: (run) => void waiting.push(run) };
  const places = new AttemptPlaces(Infinity, turns);
  const starters = Array.from({ length: 40 }, () => new Starter(places, 'untried'));
  const counts = [started(starters)];
  while (waiting.length > 0) {
    waiting.shift()?.();
    counts.push(started(starters));
  }
  expect(counts).toEqual([16, 32, 40]);
});
