import { describe, expect, test } from 'vitest';
import { whenNpxEnds } from '../../../src/system/parent.ts';

/** A process of which the shell 20 is the parent, and of that the npx 10. */
function stage(event: string | undefined) {
  let looks: (() => void)[] = [];
  const parents = new Map<number, number | undefined>([[20, 10]]);
  const state = { parent: 20, parents, told: 0 };
  whenNpxEnds(() => (state.told += 1), {
    env: { npm_lifecycle_event: event },
    parentId: () => state.parent,
    parentOf: (id) => parents.get(id),
    every: (_, look) => (looks = [...looks, look]),
  });
  return { state, parents, look: () => looks.forEach((look) => look()), looking: looks.length };
}

describe('whenNpxEnds', () => {
  test('tells once that the shell is gone', () => {
    const { state, look } = stage('npx');
    look();
    expect(state.told).toBe(0);
    state.parent = 1;
    look();
    look();
    expect(state.told).toBe(1);
  });

  test('tells that npx is gone while the shell still waits', () => {
    const { state, parents, look } = stage('npx');
    parents.set(20, 1);
    look();
    expect(state.told).toBe(1);
  });

  test('takes nothing for an end that cannot be told', () => {
    const { state, parents, look } = stage('npx');
    parents.delete(20);
    look();
    expect(state.told).toBe(0);
  });

  test.each([undefined, 'start', 'test'])('looks at nothing where it was started by %s', (event) => {
    expect(stage(event).looking).toBe(0);
  });
});
