import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { Sampler } from '../../../structures/sampler.ts';
import { LinkHealth, type HealthChange, type HealthReading } from './link-health.ts';

/** The dependencies of the log. */
export interface HealthLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: Millis;
  readonly read: () => HealthReading;
}

/** Logs the state of the connection to Redis, each change once. Silent until the node has started. */
export class HealthLog {
  readonly #options: HealthLogOptions;
  readonly #health: LinkHealth;
  #state: 'starting' | 'watching' | 'stopped' = 'starting';
  #cause: string | undefined;
  /** By app, because a node that cannot keep events loses many. */
  readonly #losses: Sampler<{ readonly appId: string; readonly events: number }>;

  constructor(options: HealthLogOptions) {
    this.#options = options;
    const { clock, log, leaseMs } = options;
    this.#health = new LinkHealth(leaseMs);
    this.#losses = new Sampler(clock, (lost) => log.warn(lost, 'webhook events lost with Redis'));
  }

  /** The node is registered in every partition. From now on changes are logged. */
  start(): void {
    if (this.#state === 'starting') this.#state = 'watching';
  }

  /** The node stops. Nothing more is logged. */
  stop(): void {
    this.#state = 'stopped';
    this.#losses.close();
  }

  /** A webhook event could not be kept, and will never be sent. */
  eventLost(appId: string): void {
    this.#losses.add(appId, (pending) => ({ appId, events: (pending?.events ?? 0) + 1 }));
  }

  /** Must be called regularly, because a frozen Redis causes no errors. */
  check(): void {
    if (this.#state !== 'watching') return;
    this.#logAll(this.#health.observe(this.#options.read(), this.#options.clock.now()));
  }

  /** A partition could not register, or one of its steps has failed. */
  failed(error: unknown, partition: number): void {
    const { log } = this.#options;
    this.#cause = describeFailure(error);
    if (log.isDebug) log.debug({ error: this.#cause, partition }, 'Redis did not answer, or refused');
    // A failure cannot show that all partitions are back.
    if (!this.#health.isLost) this.check();
  }

  /** A partition has found that Redis lacks data that it had. */
  dataLost(): void {
    if (this.#state === 'watching') this.#logAll(this.#health.dataLost(this.#options.clock.now()));
  }

  #logAll(changes: readonly HealthChange[]): void {
    for (const change of changes) this.#logChange(change);
  }

  #logChange(change: HealthChange): void {
    const { log } = this.#options;
    switch (change.kind) {
      case 'lost':
        return log.warn(
          { partitions: change.partitions, ...(this.#cause !== undefined && { error: this.#cause }) },
          'Redis lost: clients are served from what this node knows, webhooks wait',
        );
      case 'back':
        this.#cause = undefined;
        return log.info({ afterMs: Math.round(change.afterMs) }, 'Redis is back');
      case 'full':
        return log.warn(
          {},
          'Redis is full: new channels, members and users are announced once there is memory',
        );
      case 'room':
        return log.info({ afterMs: Math.round(change.afterMs) }, 'Redis has room again');
      case 'emptied':
        return log.warn({}, 'Redis has lost data: this node writes again what it holds');
    }
  }
}

/** Describes an error without the command that failed, whose arguments may be a password or data of clients. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
