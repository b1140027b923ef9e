import type { Target, TargetKind } from './target.ts';

/** A server that somebody else started: known by its address only, and by its process when that is on this machine. */
export function external(target: Omit<Target, 'readyMs' | 'stop'>): TargetKind {
  return {
    name: 'url',
    version: `${target.host}:${target.port}`,
    abilities: new Set(),
    start: () => Promise.resolve({ ...target, readyMs: null, stop: () => Promise.resolve() }),
  };
}
