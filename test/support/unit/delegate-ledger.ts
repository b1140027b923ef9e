import type { Ledger } from '../../../src/ports/ledger.ts';

/** A ledger whose steps a test may replace one by one. */
export function delegateLedger(memory: Ledger): Ledger {
  return {
    join: (join) => memory.join(join),
    leave: (leave) => memory.leave(leave),
    cacheEvent: (...step) => memory.cacheEvent(...step),
    forgetCacheMiss: (...step) => memory.forgetCacheMiss(...step),
    channel: (...step) => memory.channel(...step),
    occupiedChannels: (...step) => memory.occupiedChannels(...step),
    sweep: () => memory.sweep(),
    signIn: (signIn) => memory.signIn(signIn),
    unwatch: (...step) => memory.unwatch(...step),
    signOut: (...step) => memory.signOut(...step),
    admitTriggers: (...step) => memory.admitTriggers(...step),
    retire: (appId) => memory.retire(appId),
  };
}
