import type { SignIn } from '../../../ports/online-users.ts';
import type { PartitionKeys } from '../keys.ts';
import type { Registration } from './registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** A user of whom somebody here wants to know whether they are online. */
interface Watched {
  readonly appId: string;
  readonly userId: string;
  /** How many connections here watch. */
  watchers: number;
  isOnline: boolean;
  /** As of which revision; undefined while that is not known. */
  revision: number | undefined;
  /** The last change that came while it was not known. */
  early: { readonly revision: number; readonly isOnline: boolean } | undefined;
  reading: Promise<void> | undefined;
}

/** The users of one partition: who is signed in here, and who is watched from here. */
export class PartitionUsers {
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  /** Who is signed in here, by app and user. */
  readonly #here = new Map<string, Pick<SignIn, 'appId' | 'userId'>>();
  /** Those of them for whom Redis had no memory. */
  readonly #refused = new Set<string>();
  readonly #watched = new Map<string, Watched>();

  constructor(options: RedisLedgerOptions, registration: Registration, keys: PartitionKeys) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
  }

  async signIn(appId: string, userId: string): Promise<void> {
    const key = keyOf(appId, userId);
    if (this.#here.has(key)) return;
    this.#here.set(key, { appId, userId });
    await this.#report(appId, userId, true);
  }

  signOut(appId: string, userId: string): void {
    if (this.#here.delete(keyOf(appId, userId))) void this.#report(appId, userId, false);
  }

  /** Begins to watch a user, once more. Resolves when it is known whether the user is online. */
  async watch(appId: string, userId: string): Promise<void> {
    const key = keyOf(appId, userId);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      const unknown = { isOnline: false, revision: undefined, early: undefined, reading: undefined };
      watched = { appId, userId, watchers: 0, ...unknown };
      this.#watched.set(key, watched);
    }
    watched.watchers += 1;
    if (watched.revision === undefined) await this.#read(watched).catch(() => {});
  }

  unwatch(appId: string, userId: string): void {
    const key = keyOf(appId, userId);
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.watchers -= 1;
    if (watched.watchers === 0) this.#watched.delete(key);
  }

  /** Whether a watched user is online, as far as is known at this moment. */
  isOnline(appId: string, userId: string): boolean {
    const key = keyOf(appId, userId);
    return this.#watched.get(key)?.isOnline === true || this.#here.has(key);
  }

  /** A change that a script tells. */
  apply(appId: string, userId: string, change: { revision: number; isOnline: boolean }): void {
    const watched = this.#watched.get(keyOf(appId, userId));
    if (watched === undefined) return;
    if (watched.revision === undefined) watched.early = change;
    else if (change.revision > watched.revision) this.#set(watched, change);
  }

  assertAll(): void {
    for (const { appId, userId } of this.#here.values()) void this.#report(appId, userId, true);
  }

  /** Those for whom Redis had no memory are asserted again. */
  assertRefused(): void {
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const key of refused) {
      const user = this.#here.get(key);
      if (user !== undefined) void this.#report(user.appId, user.userId, true);
    }
  }

  /** Something may have been missed: everything is read anew, and watchers are told the differences. */
  async readAll(): Promise<boolean> {
    const reads = [...this.#watched.values()].map(async (watched) => {
      const wasOnline = watched.isOnline;
      const isKnown = watched.revision !== undefined;
      watched.revision = undefined;
      try {
        await this.#read(watched);
      } catch {
        return false;
      }
      if (isKnown && watched.isOnline !== wasOnline) this.#tell(watched);
      return true;
    });
    return (await Promise.all(reads)).every(Boolean);
  }

  /** A dead epoch holds a user no more. Whether it was dead indeed. */
  async release(epoch: string, appId: string, userId: string): Promise<boolean> {
    const [status] = await this.#options.link.run('online', this.#keysOf(epoch, appId, userId), [
      ...this.#head(),
      appId,
      userId,
      epoch,
      '',
      0,
    ]);
    return status === 'ok';
  }

  #read(watched: Watched): Promise<void> {
    watched.reading ??= this.#readNow(watched).finally(() => {
      watched.reading = undefined;
    });
    return watched.reading;
  }

  async #readNow(watched: Watched): Promise<void> {
    const { state, user } = {
      state: this.#keys.state,
      user: this.#keys.user(watched.appId, watched.userId),
    };
    const [revision, isOnline] = await this.#options.link.run('read-user', [state, user], this.#head());
    watched.revision = Number(revision);
    watched.isOnline = isOnline === 1;
    const { early } = watched;
    watched.early = undefined;
    if (early !== undefined && early.revision > watched.revision) {
      watched.revision = early.revision;
      watched.isOnline = early.isOnline;
    }
  }

  #set(watched: Watched, { revision, isOnline }: { revision: number; isOnline: boolean }): void {
    watched.revision = revision;
    if (watched.isOnline === isOnline) return;
    watched.isOnline = isOnline;
    this.#tell(watched);
  }

  #tell({ appId, userId, isOnline }: Watched): void {
    this.#options.notifyWatchers(appId, userId, isOnline ? 'online' : 'offline');
  }

  async #report(appId: string, userId: string, isOnline: boolean): Promise<void> {
    const reply = await this.#registration.step((epoch, number) =>
      this.#options.link.run('online', this.#keysOf(epoch, appId, userId), [
        ...this.#head(),
        appId,
        userId,
        epoch,
        number,
        isOnline ? 1 : 0,
      ]),
    );
    if (reply?.[0] === 'full') this.#refused.add(keyOf(appId, userId));
  }

  #keysOf(epoch: string, appId: string, userId: string): readonly string[] {
    return [this.#keys.state, this.#keys.held(epoch), this.#keys.user(appId, userId)];
  }

  #head(): readonly string[] {
    const present = this.#options.present?.();
    return [present === undefined ? '' : String(present), this.#keys.topic];
  }
}

function keyOf(appId: string, userId: string): string {
  return `${appId}\n${userId}`;
}
