import type { WallTime } from '../ports/clock.ts';

/** How often a key was used since the process started, and the last time. */
export interface KeyUse {
  readonly count: number;
  /** Time of day, in milliseconds; undefined if it was not used. */
  readonly lastAtMs: number | undefined;
}

interface Counted {
  count: number;
  lastAtMs: number | undefined;
}

const unused: KeyUse = { count: 0, lastAtMs: undefined };

/**
 * Counts the uses of the apps' keys: by connecting clients, by requests of backends, and by authorizations. When keys are
 * rotated, this shows whether the old one is still in use.
 */
export class KeyUses {
  readonly #wallTime: WallTime;
  /** By app, then by key. */
  readonly #apps = new Map<string, Map<string, Counted>>();

  constructor(wallTime: WallTime) {
    this.#wallTime = wallTime;
  }

  /** A client connected with a key of the app, or somebody proved to know its secret. */
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

  /** Forgets apps that are no longer served. */
  keepOnly(appIds: ReadonlySet<string>): void {
    for (const appId of this.#apps.keys()) if (!appIds.has(appId)) this.#apps.delete(appId);
  }
}
