import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { Sampler } from '../../../structures/sampler.ts';
import { LinkHealth, type StandingChange, type StandingReading } from './link-health.ts';

/** What the log of a node's standing is made with. */
export interface StandingLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: Millis;
  readonly read: () => StandingReading;
}

/** Says in the log how the node stands with Redis, each change once. Silent until the node has started. */
export class StandingLog {
  readonly #options: StandingLogOptions;
  readonly #standing: LinkHealth;
  #state: 'starting' | 'watching' | 'stopped' = 'starting';
  #cause: string | undefined;
  /** By app: a node that could not keep events has lost many. */
  readonly #losses: Sampler<{ readonly appId: string; readonly events: number }>;

  constructor(options: StandingLogOptions) {
    this.#options = options;
    const { clock, log, leaseMs } = options;
    this.#standing = new LinkHealth(leaseMs);
    this.#losses = new Sampler(clock, (lost) => log.warn(lost, 'webhook events lost with Redis'));
  }

  /** The node is registered in every partition: from now on changes are said. */
  start(): void {
    if (this.#state === 'starting') this.#state = 'watching';
  }

  /** The node ends: nothing more is said. */
  stop(): void {
    this.#state = 'stopped';
    this.#losses.close();
  }

  /** An event for webhooks could not be kept, and is told to nobody. */
  eventLost(appId: string): void {
    this.#losses.add(appId, (unsaid) => ({ appId, events: (unsaid?.events ?? 0) + 1 }));
  }

  /** To be called again and again: who is frozen says nothing. */
  look(): void {
    if (this.#state !== 'watching') return;
    this.#say(this.#standing.observe(this.#options.read(), this.#options.clock.now()));
  }

  /** A partition could not register, or a step of it has failed. */
  failed(error: unknown, partition: number): void {
    const { log } = this.#options;
    this.#cause = describeFailure(error);
    if (log.isDebug) log.debug({ error: this.#cause, partition }, 'Redis did not answer, or refused');
    // That all are back is not found out by a failure.
    if (!this.#standing.isLost) this.look();
  }

  /** A partition has found that Redis lacks what it was known to have. */
  dataLost(): void {
    if (this.#state === 'watching') this.#say(this.#standing.dataLost(this.#options.clock.now()));
  }

  #say(changes: readonly StandingChange[]): void {
    for (const change of changes) this.#sayOne(change);
  }

  #sayOne(change: StandingChange): void {
    const { log } = this.#options;
    switch (change.kind) {
      case 'lost':
        return log.warn(
          { partitions: change.partitions, ...(this.#cause !== undefined && { error: this.#cause }) },
          'Redis lost: clients are served on what this node knows, webhooks wait',
        );
      case 'back':
        this.#cause = undefined;
        return log.info({ afterMs: Math.round(change.afterMs) }, 'Redis is back');
      case 'full':
        return log.warn({}, 'Redis is full: who comes is told of once there is room, what is there stays');
      case 'room':
        return log.info({ afterMs: Math.round(change.afterMs) }, 'Redis has room again');
      case 'emptied':
        return log.warn({}, 'Redis has lost data: this node writes down again what it holds');
    }
  }
}

/** What went wrong, without the command that failed: its arguments may be a password, or what clients said. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
