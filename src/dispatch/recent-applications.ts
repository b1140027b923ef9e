import type { Application } from '../apps/application.ts';
import type { Clock, Millis } from '../ports/clock.ts';

/** The configured apps, and those that were removed recently: the store may still return their departures. */
export class RecentApplications {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #rememberMs: Millis;
  #configured: readonly Application[];
  #gone: readonly { readonly app: Application; readonly until: Millis }[] = [];

  constructor(clock: Pick<Clock, 'now'>, rememberMs: Millis, applications: readonly Application[]) {
    this.#clock = clock;
    this.#rememberMs = rememberMs;
    this.#configured = applications;
  }

  get configured(): readonly Application[] {
    return this.#configured;
  }

  /** The configured apps, then those that are not configured any more. */
  get all(): readonly Application[] {
    const now = this.#clock.now();
    return [...this.#configured, ...this.#gone.filter(({ until }) => now < until).map(({ app }) => app)];
  }

  /** From now on, these apps are configured. */
  replace(applications: readonly Application[]): void {
    const ids = new Set(applications.map(({ id }) => id));
    const now = this.#clock.now();
    const until = now + this.#rememberMs;
    const removed = this.#configured.filter(({ id }) => !ids.has(id)).map((app) => ({ app, until }));
    const before = this.#gone.filter((one) => now < one.until && !ids.has(one.app.id));
    this.#gone = [...before, ...removed];
    this.#configured = applications;
  }
}
