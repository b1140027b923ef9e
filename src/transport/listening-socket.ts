import { performanceNow, setImmediate } from '../system/real.ts';
import type { TemplatedApp } from 'uWebSockets.js';
import { serverStarting } from './http-message.ts';
import { createBareTlsApp } from './tls.ts';
import { listen, type ListenAddress, type Listening, type Uws } from './uws.ts';

/** Listens for clients. */
export interface ListeningSocket {
  readonly port: number;
  /**
   * From now on, new connections go to another app. Returns a function that completes the change: until its promise has
   * resolved, some connections may still go to the previous app. Throws without any change if it fails.
   */
  passConnectionsTo(next: TemplatedApp): () => Promise<void>;
  /** Accepts no more clients. May be called repeatedly. */
  stop(): void;
}

/** Listens for one app for good. Throws a StartError when it cannot listen; `hint` is added to its message. */
export function openListener(
  uws: Uws,
  app: TemplatedApp,
  address: ListenAddress,
  hint?: string,
): ListeningSocket {
  const listening = listen(uws, app, address, hint);
  return {
    port: listening.port,
    stop: () => listening.stop(),
    passConnectionsTo() {
      throw new Error('this listener serves only one app');
    },
  };
}

/** Listens for an app with a certificate, which can be replaced by another app. Throws a StartError when it cannot listen. */
export function openTlsListener(uws: Uws, first: TemplatedApp, address: ListenAddress): ListeningSocket {
  return handsOver(first)
    ? openPermanentListener(uws, first, address)
    : openRelayedListener(uws, first, address);
}

/** A native app that can pass connections to another one. Older versions of the library cannot. */
interface HandingOver extends TemplatedApp {
  getDescriptor(): unknown;
  addChildAppDescriptor(descriptor: unknown): void;
  removeChildAppDescriptor(descriptor: unknown): void;
}

function handsOver(app: TemplatedApp): app is HandingOver {
  return 'addChildAppDescriptor' in app && 'removeChildAppDescriptor' in app && 'getDescriptor' in app;
}

/**
 * One permanent listener, of an app that serves nobody and passes each connection to the current app. No connection attempt is
 * ever lost.
 */
function openPermanentListener(uws: Uws, first: HandingOver, address: ListenAddress): ListeningSocket {
  const acceptor = createBareTlsApp(uws);
  if (!handsOver(acceptor)) throw new Error('only one of two native apps can pass connections on');
  let current = first;
  acceptor.addChildAppDescriptor(first.getDescriptor());
  const listening = listen(uws, acceptor, address);
  return {
    port: listening.port,
    stop: () => listening.stop(),
    passConnectionsTo(next) {
      if (!handsOver(next)) throw new Error('only one of two native apps can pass connections on');
      acceptor.addChildAppDescriptor(next.getDescriptor());
      acceptor.removeChildAppDescriptor(current.getDescriptor());
      current = next;
      // Connections accepted in this turn are passed on in the next one.
      return async () => {
        await nextTurn();
        await nextTurn();
      };
    },
  };
}

/** A turn of the event loop this short had nothing to do: every connection of a listener has been accepted. */
const quietTurnMs = 0.05;

/** If there is no such turn, longer ones are accepted: after this many turns, the threshold has doubled. */
const patienceTurns = 50;

/**
 * A listener for each app. They share the port (SO_REUSEPORT) while one replaces the other. When the earlier one closes, the
 * kernel resets its connections that are not accepted yet, unless it may pass them to the other listener
 * (`net.ipv4.tcp_migrate_req`). The earlier listener is therefore closed in a quiet moment.
 */
function openRelayedListener(uws: Uws, first: TemplatedApp, given: ListenAddress): ListeningSocket {
  const address = given.shared === true ? given : findAlone(uws, first, given);
  let current = listen(uws, first, address);
  const open = new Set<Listening>([current]);
  return {
    port: address.port,
    stop() {
      for (const listening of open) listening.stop();
      open.clear();
    },
    passConnectionsTo(next) {
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

/** A port that listeners on other threads are about to share. */
export interface ReservedPort {
  readonly port: number;
  /** Listens no more. Must be called once the others do. */
  release(): void;
}

/**
 * Reserves a port for listeners on other threads, which take a while to start: no other program can take it meanwhile. Requests that
 * arrive before `release` are answered with 503. Throws a StartError if another program uses the port.
 */
export function reservePort(uws: Uws, address: ListenAddress): ReservedPort {
  const app = uws.App();
  app.any('/*', (res) => {
    res.writeStatus('503 Service Unavailable').end(serverStarting.body, true);
  });
  const found = findAlone(uws, app, address);
  const listening = listen(uws, app, found);
  return { port: found.port, release: () => listening.stop() };
}

/**
 * Turns an address into one that can be shared. A port that another program uses must be an error, but listeners that share do
 * not notice it. So this first listens on it exclusively. The caller must listen in the same turn.
 */
function findAlone(
  uws: Uws,
  app: TemplatedApp,
  { host, port }: ListenAddress,
): ListenAddress & { readonly shared: true } {
  const alone = listen(uws, app, { host, port });
  alone.stop();
  return { host, port: alone.port, shared: true };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function quietMoment(): Promise<void> {
  // The rest of this turn. Only in the next turns does the loop check for new connections.
  await nextTurn();
  for (let turns = 0; ; turns += 1) {
    const beganAt = performanceNow();
    await nextTurn();
    if (performanceNow() - beganAt < quietTurnMs * (1 + turns / patienceTurns)) return;
  }
}
