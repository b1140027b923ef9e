import { lookup } from 'node:dns';
import type { Address } from './addresses.ts';

/** Looks up a name in the operating system. Calls back with no addresses if it knows none either. */
export type SystemLookup = (name: string, answered: (addresses: readonly Address[]) => void) => void;

const waiting = new Map<symbol, () => void>();
let isBusy = false;

/**
 * Looks up the addresses of a name in the operating system, which may have other sources than name servers. Each look-up occupies
 * one of the few threads of the process for an unknown time, so the process makes only one at a time. Returns a function that
 * cancels the look-up; after that, nothing is called back.
 */
export function lookUpAsLastResort(
  name: string,
  answered: (addresses: readonly Address[]) => void,
  ask: SystemLookup = lookUpInSystem,
): () => void {
  const ticket = Symbol(name);
  let isGivenUp = false;
  waiting.set(ticket, () =>
    ask(name, (addresses) => {
      isBusy = false;
      if (!isGivenUp) answered(addresses);
      lookUpNext();
    }),
  );
  lookUpNext();
  return () => {
    isGivenUp = true;
    waiting.delete(ticket);
  };
}

function lookUpNext(): void {
  const [first] = waiting;
  if (isBusy || first === undefined) return;
  const [ticket, ask] = first;
  waiting.delete(ticket);
  isBusy = true;
  ask();
}

function lookUpInSystem(name: string, answered: (addresses: readonly Address[]) => void): void {
  lookup(name, { all: true }, (error, addresses) => {
    answered(
      error === null
        ? addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
        : [],
    );
  });
}
