import { addressGroup } from '../apps/admissions.ts';
import type { Clock, Millis } from '../ports/clock.ts';

const maxTries = 5;
const windowMs: Millis = 60_000;
const maxAddresses = 10_000;

interface Tries {
  count: number;
  readonly endsAt: Millis;
}

/** Limits wrong tokens to five a minute for each IPv4 address or IPv6 network of 64 bits. */
export class FailedLogins {
  readonly #clock: Pick<Clock, 'now'>;
  /** Sorted by the end of the minute, earliest first. */
  readonly #tries = new Map<string, Tries>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** How long logins from this address are blocked; 0 if they are not. */
  waitMs(remoteAddress: string): Millis {
    const tries = this.#tries.get(addressGroup(remoteAddress));
    if (tries === undefined || tries.count < maxTries) return 0;
    return Math.max(0, tries.endsAt - this.#clock.now());
  }

  note(remoteAddress: string): void {
    this.#forget();
    const address = addressGroup(remoteAddress);
    const tries = this.#tries.get(address);
    if (tries !== undefined) tries.count += 1;
    else this.#tries.set(address, { count: 1, endsAt: this.#clock.now() + windowMs });
  }

  #forget(): void {
    for (const [address, { endsAt }] of this.#tries) {
      if (endsAt > this.#clock.now() && this.#tries.size < maxAddresses) return;
      this.#tries.delete(address);
    }
  }
}
