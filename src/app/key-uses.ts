import type { WallTime } from '../ports/clock.ts';

/** How often a key was used since the process started, and when last. */
export interface KeyUse {
  readonly count: number;
  /** Time of day, in milliseconds; undefined: it was not used. */
  readonly lastAtMs: number | undefined;
}

interface Counted {
  count: number;
  lastAtMs: number | undefined;
}

const unused: KeyUse = { count: 0, lastAtMs: undefined };

/**
 * Counts how the keys of apps are used: by clients that connect, by backends that ask, by those that authorise. Whoever
 * exchanges a key sees whether anybody still uses the old one.
 */
export class KeyUses {
  readonly #wallTime: WallTime;
  /** By app, then by key. */
  readonly #apps = new Map<string, Map<string, Counted>>();

  constructor(wallTime: WallTime) {
    this.#wallTime = wallTime;
  }

  /** Somebody has used a key of the app and was found to know its secret, or is a client that connects. */
  used(appId: string, key: string): void {
    let keys = this.#apps.get(appId);
    if (keys === undefined) {
      keys = new Map();
      this.#apps.set(appId, keys);
    }
    const known = keys.get(key);
    if (known === undefined) keys.set(key, { count: 1, lastAtMs: this.#wallTime.now() });
    else {
      known.count += 1;
      known.lastAtMs = this.#wallTime.now();
    }
  }

  of(appId: string, key: string): KeyUse {
    return this.#apps.get(appId)?.get(key) ?? unused;
  }

  /** Forgets apps that are not served any more. */
  keepOnly(appIds: ReadonlySet<string>): void {
    for (const appId of this.#apps.keys()) if (!appIds.has(appId)) this.#apps.delete(appId);
  }
}
