import type { ConnectionSlots } from '../../../ports/connection-slots.ts';
import type { PartitionKeys } from '../keys.ts';
import { Patience } from '../link/patience.ts';
import type { Registration } from './registration.ts';
import type { Reply } from '../link/replies.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** How a node's number of connections changes: it is set, or increased by a number that may be negative. */
type Change = readonly ['set' | 'add', number];

/** The connections of one app that has a limit. */
interface Counted {
  /** The connections of this node. */
  here: number;
  /** The connections of other nodes, as last reported. */
  elsewhere: number;
  /** Connections that were closed in this turn, which Redis does not know yet. */
  released: number;
  /** How often `here` was reported anew, under another epoch. */
  reports: number;
}

/**
 * Counts the connections of apps with a limit, for one partition. Redis counts them by epoch, so that those of a dead node stop counting
 * once it is released. One step admits or refuses a connection.
 */
export class CountedConnections implements ConnectionSlots {
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  readonly #counted = new Map<string, Counted>();

  constructor(options: RedisLedgerOptions, registration: Registration, keys: PartitionKeys) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
  }

  /** Counts the connections of these apps from now on, and of no other apps. */
  limit(appIds: ReadonlySet<string>): void {
    for (const appId of this.#counted.keys()) {
      if (appIds.has(appId)) continue;
      this.#counted.delete(appId);
      void this.#change(appId, ['set', 0]);
    }
    for (const appId of appIds) {
      if (this.#counted.has(appId)) continue;
      const here = this.#options.countConnections(appId);
      this.#counted.set(appId, { here, elsewhere: 0, released: 0, reports: 0 });
      void this.#change(appId, ['set', here]);
    }
  }

  /** While Redis does not answer, this decides by the connections of this node and those that others last reported. */
  async take(appId: string, limit: number): Promise<boolean> {
    const counted = this.#counted.get(appId);
    if (counted === undefined) return true;
    this.#flush(appId, counted);
    const { reports } = counted;
    const step = this.#change(appId, ['add', 1], { limit });
    const reply = this.#registration.isCutOff
      ? undefined
      : await new Patience(this.#options.clock).wait(step);
    const isFree = reply === undefined ? counted.here + counted.elsewhere < limit : reply[0] !== 'over';
    const wasReported = (): boolean => counted.reports !== reports;
    if (isFree) counted.here += 1;
    // The number that was reported did not contain this connection yet.
    if (isFree && wasReported()) void this.#change(appId, ['add', 1]);
    const correct = (late: Reply | undefined): void => {
      if (!wasReported()) this.#correct(appId, isFree, late);
    };
    if (reply === undefined) void step.then(correct);
    return isFree;
  }

  release(appId: string): void {
    const counted = this.#counted.get(appId);
    if (counted === undefined) return;
    // Report all connections of this turn together.
    if (counted.released === 0) this.#options.clock.after(0, () => this.#flush(appId, counted));
    counted.released += 1;
    counted.here -= 1;
  }

  /** Takes the counts of all epochs. */
  takeCounts(appId: string, byEpoch: ReadonlyMap<string, number>): void {
    const counted = this.#counted.get(appId);
    if (counted === undefined) return;
    counted.elsewhere = 0;
    for (const [epoch, count] of byEpoch) {
      if (epoch !== this.#registration.epoch) counted.elsewhere += count;
    }
  }

  /** Reports the counts of this node under a new epoch, and removes those of the former one. */
  assertAll(former: string): void {
    for (const [appId, counted] of this.#counted) {
      counted.released = 0;
      counted.reports += 1;
      void this.#change(appId, ['set', counted.here], { former });
    }
  }

  /** Asks for the counts of other nodes, because notices may have been missed. Each change is answered with all counts. */
  readAll(): void {
    for (const appId of this.#counted.keys()) void this.#change(appId, ['add', 0]);
  }

  /** Removes the connections of a dead epoch. Resolves with whether the epoch was really dead. */
  async releaseEpoch(epoch: string, appId: string): Promise<boolean> {
    const [status] = await this.#run(appId, epoch, ['', 'set', 0, '', '']);
    return status === 'ok';
  }

  #flush(appId: string, counted: Counted): void {
    const { released } = counted;
    counted.released = 0;
    if (released > 0) void this.#change(appId, ['add', -released]);
  }

  /** Corrects the count after a late answer. A connection that was admitted stays, and one that was refused takes no place. */
  #correct(appId: string, isAdmitted: boolean, late: Reply | undefined): void {
    if (late === undefined || !this.#counted.has(appId)) return;
    const isCounted = late[0] !== 'over';
    if (isCounted !== isAdmitted) void this.#change(appId, ['add', isAdmitted ? 1 : -1]);
  }

  #change(
    appId: string,
    change: Change,
    { limit, former = '' }: { readonly limit?: number; readonly former?: string } = {},
  ): Promise<Reply | undefined> {
    return this.#registration.step((epoch, number) =>
      this.#run(appId, epoch, [number, ...change, limit ?? '', former]),
    );
  }

  #run(appId: string, epoch: string, args: readonly (string | number)[]): Promise<Reply> {
    const { state, topic } = this.#keys;
    const present = this.#options.present?.().toFixed(0) ?? '';
    const keys = [state, this.#keys.held(epoch), this.#keys.connections(appId)];
    return this.#options.link.run('connections', keys, [present, topic, appId, epoch, ...args]);
  }
}
