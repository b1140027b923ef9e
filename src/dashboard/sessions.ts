import { sign } from '../auth/hmac.ts';
import type { Role } from '../views/settings.ts';
import type { Clock, Millis } from '../ports/clock.ts';

/** A cryptographically secure source of random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** A session of a caller that has logged in. */
export interface LoginSession {
  readonly role: Role;
  /** The name of the token. */
  readonly who: string;
}

/** How long a session lasts. */
export const sessionMs: Millis = 12 * 60 * 60 * 1000;

/** For each token. */
const maxSessions = 500;
const idBytes = 32;

/** The sessions. They are kept in memory, so a restart ends all of them. */
export class Sessions {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #randomBytes: RandomBytes;
  /**
   * Sessions by a digest of the id, oldest first. The time of a look-up can reveal something about the digest at most,
   * which does not help to guess an id.
   */
  readonly #sessions = new Map<string, { readonly session: LoginSession; readonly endsAt: Millis }>();

  constructor(clock: Pick<Clock, 'now'>, randomBytes: RandomBytes) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Opens a session and returns its id. */
  open(session: LoginSession): string {
    this.#forget(session);
    const id = Buffer.from(this.#randomBytes(idBytes)).toString('base64url');
    this.#sessions.set(digest(id), { session, endsAt: this.#clock.now() + sessionMs });
    return id;
  }

  find(id: string): LoginSession | undefined {
    const found = this.#sessions.get(digest(id));
    return found !== undefined && found.endsAt > this.#clock.now() ? found.session : undefined;
  }

  close(id: string): void {
    this.#sessions.delete(digest(id));
  }

  /** Makes room for one more session of this token. Logins with one token never end sessions of the other. */
  #forget({ who }: LoginSession): void {
    const ofToken: string[] = [];
    for (const [key, { session, endsAt }] of this.#sessions) {
      if (endsAt <= this.#clock.now()) this.#sessions.delete(key);
      else if (session.who === who) ofToken.push(key);
    }
    // The oldest sessions end first.
    for (const key of ofToken.slice(0, Math.max(0, ofToken.length - maxSessions + 1)))
      this.#sessions.delete(key);
  }
}

function digest(id: string): string {
  return sign('session', id);
}
