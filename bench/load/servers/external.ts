import type { Target, TargetKind } from './target.ts';

/** A server that the bench did not start. Only its address is known, and its process id if it was given. */
export function external(target: Omit<Target, 'readyMs' | 'stop'>): TargetKind {
  return {
    name: 'url',
    version: `${target.host}:${target.port}`,
    abilities: new Set(),
    start: () => Promise.resolve({ ...target, readyMs: null, stop: () => Promise.resolve() }),
  };
}
