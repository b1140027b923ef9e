import type { SignIn } from '../../../ports/online-users.ts';
import type { PartitionKeys } from '../keys.ts';
import type { Registration } from './registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/** Whether a user is online, as of a revision. */
interface UserStatus {
  readonly revision: number;
  readonly isOnline: boolean;
}

/** A user whom connections of this node watch. */
interface Watched {
  readonly appId: string;
  readonly userId: string;
  /** How many connections of this node watch the user. */
  watchers: number;
  /** The latest status from a notice or a reply. Undefined: there was none yet. */
  status: UserStatus | undefined;
  /** What watchers last received, in an answer or a notification. Undefined: none was answered yet. */
  reported: boolean | undefined;
  /** The latest read that Redis has not answered yet. */
  reading: Promise<void> | undefined;
}

/** The users of one partition: who is signed in on this node, and who is watched from it. */
export class PartitionUsers {
  readonly #options: RedisLedgerOptions;
  readonly #registration: Registration;
  readonly #keys: PartitionKeys;
  readonly #answered: (revision: number) => void;
  /** The users who are signed in on this node, by app and user. */
  readonly #here = new Map<string, Pick<SignIn, 'appId' | 'userId'>>();
  /** The users among them for whom Redis had no memory. */
  readonly #refused = new Set<string>();
  readonly #watched = new Map<string, Watched>();
  /** The watched users whose latest read has failed. */
  readonly #unread = new Set<Watched>();

  /** `answered` is called with the revision of each answer about a user. */
  constructor(
    options: RedisLedgerOptions,
    registration: Registration,
    keys: PartitionKeys,
    answered: (revision: number) => void,
  ) {
    this.#options = options;
    this.#registration = registration;
    this.#keys = keys;
    this.#answered = answered;
  }

  async signIn(appId: string, userId: string): Promise<void> {
    const key = keyOf(appId, userId);
    if (this.#here.has(key)) return;
    this.#here.set(key, { appId, userId });
    this.#notify(this.#watched.get(key));
    await this.#report(appId, userId, true);
  }

  signOut(appId: string, userId: string): void {
    const key = keyOf(appId, userId);
    if (!this.#here.delete(key)) return;
    this.#notify(this.#watched.get(key));
    void this.#report(appId, userId, false);
  }

  /** Adds a watcher of a user. Resolves once it is known whether the user is online. */
  async watch(appId: string, userId: string): Promise<void> {
    const key = keyOf(appId, userId);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      const unknown = { status: undefined, reported: undefined, reading: undefined };
      watched = { appId, userId, watchers: 0, ...unknown };
      this.#watched.set(key, watched);
    }
    watched.watchers += 1;
    if (watched.status === undefined || watched.reading !== undefined) {
      await (watched.reading ?? this.#read(watched)).catch(() => {});
    }
    watched.reported ??= this.isOnline(appId, userId);
  }

  unwatch(appId: string, userId: string): void {
    const key = keyOf(appId, userId);
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.watchers -= 1;
    if (watched.watchers > 0) return;
    this.#watched.delete(key);
    this.#unread.delete(watched);
  }

  /** Whether a watched user is online, as far as is known now. */
  isOnline(appId: string, userId: string): boolean {
    const key = keyOf(appId, userId);
    return this.#watched.get(key)?.status?.isOnline === true || this.#here.has(key);
  }

  /** Takes a change from a notice. */
  apply(appId: string, userId: string, change: UserStatus): void {
    const watched = this.#watched.get(keyOf(appId, userId));
    if (watched !== undefined) this.#learn(watched, change);
  }

  assertAll(): void {
    for (const { appId, userId } of this.#here.values()) void this.#report(appId, userId, true);
  }

  /** Asserts the users again for whom Redis had no memory. */
  assertRefused(): void {
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const key of refused) {
      const user = this.#here.get(key);
      if (user !== undefined) void this.#report(user.appId, user.userId, true);
    }
  }

  /**
   * Reads every watched user again, because notices may have been missed. Watchers are notified of the differences. Returns
   * whether all could be read.
   */
  async readAll(): Promise<boolean> {
    const reads = [...this.#watched.values()].map((watched) =>
      this.#read(watched).then(
        () => true,
        () => false,
      ),
    );
    return (await Promise.all(reads)).every(Boolean);
  }

  /** Reads the watched users again whose latest read has failed. */
  async readFailed(): Promise<void> {
    await Promise.allSettled(Array.from(this.#unread, (watched) => this.#read(watched)));
  }

  /** Releases a user whom a dead epoch held. Resolves with whether the epoch was really dead. */
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

  /** Always asks Redis, even if an earlier question is not answered yet: that answer may be older than the missed notices. */
  #read(watched: Watched): Promise<void> {
    const isLatest = (): boolean => watched.reading === reading;
    const reading = this.#readNow(watched)
      .catch((error: unknown) => {
        if (isLatest() && watched.watchers > 0) this.#unread.add(watched);
        throw error;
      })
      .finally(() => {
        if (isLatest()) watched.reading = undefined;
      });
    watched.reading = reading;
    this.#unread.delete(watched);
    return reading;
  }

  async #readNow(watched: Watched): Promise<void> {
    const { state, user } = {
      state: this.#keys.state,
      user: this.#keys.user(watched.appId, watched.userId),
    };
    const [revision, isOnline] = await this.#options.link.run('read-user', [state, user], this.#head());
    this.#answered(Number(revision));
    this.#learn(watched, { revision: Number(revision), isOnline: isOnline === 1 });
  }

  /** Takes the status from a notice or a reply, unless a later one is known. They arrive over two connections, in any order. */
  #learn(watched: Watched, status: UserStatus): void {
    if (watched.status !== undefined && status.revision < watched.status.revision) return;
    watched.status = status;
    this.#notify(watched);
  }

  /** Notifies the watchers if the user's status is not what they last received. */
  #notify(watched: Watched | undefined): void {
    if (watched?.reported === undefined) return;
    const { appId, userId, reported } = watched;
    const isOnline = this.isOnline(appId, userId);
    if (reported === isOnline) return;
    watched.reported = isOnline;
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
