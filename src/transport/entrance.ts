import { performanceNow, setImmediate } from '../real.ts';
import type { TemplatedApp } from 'uWebSockets.js';
import { createBareTlsApp } from './tls.ts';
import { listen, type Address, type Listening, type Uws } from './uws.ts';

/** Where clients come in. */
export interface Entrance {
  readonly port: number;
  /**
   * Lets whoever connects from now on in to another app. Returns how to end the change: until that has resolved,
   * some may still be let in to the app before. Throws, with nothing changed, when it cannot be done.
   */
  leadTo(next: TemplatedApp): () => Promise<void>;
  /** Lets nobody in any more. Again, it does nothing. */
  stop(): void;
}

/** An entrance to one app, for ever. Throws a StartError when the port cannot be had; `hint` says what else to choose. */
export function openEntrance(uws: Uws, app: TemplatedApp, address: Address, hint?: string): Entrance {
  const listening = listen(uws, app, address, hint);
  return {
    port: listening.port,
    stop: () => listening.stop(),
    leadTo() {
      throw new Error('this entrance leads to one app alone');
    },
  };
}

/** An entrance to an app with a certificate, which others may succeed. Throws a StartError when the port cannot be had. */
export function openTlsEntrance(uws: Uws, first: TemplatedApp, address: Address): Entrance {
  return handsOver(first)
    ? openLastingEntrance(uws, first, address)
    : openRelayedEntrance(uws, first, address);
}

/** A native app that can take connections over from another one, or hand them over; older ones cannot. */
interface HandingOver extends TemplatedApp {
  getDescriptor(): unknown;
  addChildAppDescriptor(descriptor: unknown): void;
  removeChildAppDescriptor(descriptor: unknown): void;
}

function handsOver(app: TemplatedApp): app is HandingOver {
  return 'addChildAppDescriptor' in app && 'removeChildAppDescriptor' in app && 'getDescriptor' in app;
}

/**
 * One listener for ever, of an app that serves nobody and hands each connection over to the app of the time: so no
 * attempt to connect is ever lost.
 */
function openLastingEntrance(uws: Uws, first: HandingOver, address: Address): Entrance {
  const acceptor = createBareTlsApp(uws);
  if (!handsOver(acceptor)) throw new Error('of two native apps only one hands connections over');
  let current = first;
  acceptor.addChildAppDescriptor(first.getDescriptor());
  const listening = listen(uws, acceptor, address);
  return {
    port: listening.port,
    stop: () => listening.stop(),
    leadTo(next) {
      if (!handsOver(next)) throw new Error('of two native apps only one takes connections over');
      acceptor.addChildAppDescriptor(next.getDescriptor());
      acceptor.removeChildAppDescriptor(current.getDescriptor());
      current = next;
      // What was accepted in this turn is handed over in the next one.
      return async () => {
        await nextTurn();
        await nextTurn();
      };
    },
  };
}

/** A turn of the event loop this short had nothing to do: what has come to a listener was accepted just now. */
const quietTurnMs = 0.05;

/** The longer there was no such turn, the longer it may be: by so much more after so many turns. */
const patienceTurns = 50;

/**
 * A listener for each app, which share the port (SO_REUSEPORT) while one succeeds the other. When the earlier one
 * closes, the kernel resets the connections that it has made, or is making, and that were not accepted yet, unless it
 * may give them to the other one (`net.ipv4.tcp_migrate_req`). So the earlier one is closed in a quiet moment.
 */
function openRelayedEntrance(uws: Uws, first: TemplatedApp, given: Address): Entrance {
  const address = given.shared === true ? given : findAlone(uws, first, given);
  let current = listen(uws, first, address);
  const open = new Set<Listening>([current]);
  return {
    port: address.port,
    stop() {
      for (const listening of open) listening.stop();
      open.clear();
    },
    leadTo(next) {
      const previous = current;
      current = listen(uws, next, address);
      open.add(current);
      return async () => {
        await quietMoment();
        previous.stop();
        open.delete(previous);
      };
    },
  };
}

/**
 * An address to share: a port that another program has is to be a fault, and is none for those that share. So it is listened
 * to alone at first.
 */
export function findAlone(
  uws: Uws,
  app: TemplatedApp,
  { host, port }: Address,
): Address & { readonly shared: true } {
  const alone = listen(uws, app, { host, port });
  alone.stop();
  return { host, port: alone.port, shared: true };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function quietMoment(): Promise<void> {
  // The rest of this turn: only in the next ones the loop looks whether anything has come.
  await nextTurn();
  for (let turns = 0; ; turns += 1) {
    const beganAt = performanceNow();
    await nextTurn();
    if (performanceNow() - beganAt < quietTurnMs * (1 + turns / patienceTurns)) return;
  }
}
