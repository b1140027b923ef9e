import { lookup } from 'node:dns';
import type { Address } from './addresses.ts';

/** Asks the system; calls back with no addresses when it knows none either. */
export type AskSystem = (name: string, answered: (addresses: readonly Address[]) => void) => void;

const waiting = new Map<symbol, () => void>();
let isBusy = false;

/**
 * What the system itself makes of a name: it may know sources of names beside name servers. That takes a thread of the few
 * that the process has, and as long as it likes, so there is never more than one such question in the whole process.
 * Returns how to give up waiting; then nothing is called back.
 */
export function askLastResort(
  name: string,
  answered: (addresses: readonly Address[]) => void,
  ask: AskSystem = askSystem,
): () => void {
  const ticket = Symbol(name);
  let isGivenUp = false;
  waiting.set(ticket, () =>
    ask(name, (addresses) => {
      isBusy = false;
      if (!isGivenUp) answered(addresses);
      askNext();
    }),
  );
  askNext();
  return () => {
    isGivenUp = true;
    waiting.delete(ticket);
  };
}

function askNext(): void {
  const [first] = waiting;
  if (isBusy || first === undefined) return;
  const [ticket, ask] = first;
  waiting.delete(ticket);
  isBusy = true;
  ask();
}

function askSystem(name: string, answered: (addresses: readonly Address[]) => void): void {
  lookup(name, { all: true }, (error, addresses) => {
    answered(
      error === null
        ? addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
        : [],
    );
  });
}
