import { describe, expect, test } from 'vitest';
import { whenNpxEnds } from '../../../src/system/parent.ts';

/** A process whose parent is the shell 20, whose parent is npx 10. */
function stage(event: string | undefined) {
  let checks: (() => void)[] = [];
  const parents = new Map<number, number | undefined>([[20, 10]]);
  const state = { parent: 20, parents, calls: 0 };
  whenNpxEnds(() => (state.calls += 1), {
    env: { npm_lifecycle_event: event },
    parentId: () => state.parent,
    parentOf: (id) => parents.get(id),
    every: (_, check) => (checks = [...checks, check]),
  });
  return { state, parents, check: () => checks.forEach((check) => check()), watchers: checks.length };
}

describe('whenNpxEnds', () => {
  test('reports once that the shell has ended', () => {
    const { state, check } = stage('npx');
    check();
    expect(state.calls).toBe(0);
    state.parent = 1;
    check();
    check();
    expect(state.calls).toBe(1);
  });

  test('reports that npx has ended while the shell still waits', () => {
    const { state, parents, check } = stage('npx');
    parents.set(20, 1);
    check();
    expect(state.calls).toBe(1);
  });

  test('reports nothing if it cannot read the parent', () => {
    const { state, parents, check } = stage('npx');
    parents.delete(20);
    check();
    expect(state.calls).toBe(0);
  });

  test.each([undefined, 'start', 'test'])('does not watch if it was started by %s', (event) => {
    expect(stage(event).watchers).toBe(0);
  });
});
