import type { Ledger } from '../../../src/ports/ledger.ts';
import type { UserState } from '../../../src/ports/online-users.ts';

interface SignedIn {
  readonly userId: string;
  readonly watched: readonly string[];
  /** The watched users that are online as far as the client knows. Undefined until the answer has arrived. */
  online: Set<string> | undefined;
}

/** The signed-in connections of a node, which believe every watchlist event. */
export class WalkUsers {
  readonly #ledger: () => Ledger;
  readonly #connections = new Map<string, SignedIn>();

  constructor(ledger: () => Ledger) {
    this.#ledger = ledger;
  }

  get connections(): ReadonlyMap<string, SignedIn> {
    return this.#connections;
  }

  /** Signs a connection in, which watches these users. Resolves once it is answered. */
  async signIn(id: string, userId: string, watched: readonly string[]): Promise<void> {
    const connection: SignedIn = { userId, watched, online: undefined };
    this.#connections.set(id, connection);
    connection.online = new Set(await this.#ledger().signIn({ appId: 'a1', userId, watched }));
  }

  signOut(id: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    const { userId, watched } = connection;
    this.#ledger().unwatch('a1', watched);
    const others = [...this.#connections.values()];
    if (!others.some((other) => other.userId === userId)) void this.#ledger().signOut('a1', userId);
  }

  /** A watchlist event arrives. */
  notify(userId: string, state: UserState): void {
    for (const { watched, online } of this.#connections.values()) {
      if (online === undefined || !watched.includes(userId)) continue;
      if (online.has(userId) === (state === 'online'))
        throw new Error(`notified twice that ${userId} is ${state}`);
      if (state === 'online') online.add(userId);
      else online.delete(userId);
    }
  }

  clear(): void {
    this.#connections.clear();
  }
}
