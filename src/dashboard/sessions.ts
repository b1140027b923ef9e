import { sign } from '../auth/hmac.ts';
import type { Role } from '../views/settings.ts';
import type { Clock, Millis } from '../ports/clock.ts';

/** Bytes drawn at random, which nobody can guess. */
export type RandomBytes = (count: number) => Uint8Array;

/** Somebody who has logged in. */
export interface Session {
  readonly role: Role;
  /** The name of the token. */
  readonly who: string;
}

/** A session ends after so long. */
export const sessionMs: Millis = 12 * 60 * 60 * 1000;

/** Of each token. */
const mostSessions = 500;
const idBytes = 32;

/** Who has logged in, in memory: a restart ends every session. */
export class Sessions {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #randomBytes: RandomBytes;
  /**
   * By a digest of the id, oldest first: how long a look-up takes tells something of the digest at most, and nobody finds
   * an id by that.
   */
  readonly #sessions = new Map<string, { readonly session: Session; readonly endsAt: Millis }>();

  constructor(clock: Pick<Clock, 'now'>, randomBytes: RandomBytes) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Returns the id by which the session is known. */
  open(session: Session): string {
    this.#forget(session);
    const id = Buffer.from(this.#randomBytes(idBytes)).toString('base64url');
    this.#sessions.set(digest(id), { session, endsAt: this.#clock.now() + sessionMs });
    return id;
  }

  find(id: string): Session | undefined {
    const found = this.#sessions.get(digest(id));
    return found !== undefined && found.endsAt > this.#clock.now() ? found.session : undefined;
  }

  close(id: string): void {
    this.#sessions.delete(digest(id));
  }

  /** Makes room for one more of this token: nobody ends the sessions of another one by logging in. */
  #forget({ who }: Session): void {
    const ofToken: string[] = [];
    for (const [key, { session, endsAt }] of this.#sessions) {
      if (endsAt <= this.#clock.now()) this.#sessions.delete(key);
      else if (session.who === who) ofToken.push(key);
    }
    // Those who came first are over first.
    for (const key of ofToken.slice(0, Math.max(0, ofToken.length - mostSessions + 1)))
      this.#sessions.delete(key);
  }
}

function digest(id: string): string {
  return sign('session', id);
}
