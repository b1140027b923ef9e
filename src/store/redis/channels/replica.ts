import type { Member, Notice } from '../../../ports/attendance.ts';
import type { CachedEvent } from '../../../ports/channel-caches.ts';
import type { Millis } from '../../../ports/clock.ts';
import { Roster, type ReadonlyRoster } from '../../../protocol/roster.ts';
import type { SocketId } from '../../../protocol/socket-id.ts';

/** What is true of a channel as of a revision. */
export interface Snapshot {
  readonly revision: number;
  readonly members: ReadonlyMap<string, Member>;
  readonly cached: { readonly event: CachedEvent; readonly remainingMs: Millis } | undefined;
  /** How long the cache miss still stands; 0 when none does. */
  readonly missStandsMs: Millis;
}

/** One change of a channel. */
export type ChannelChange =
  | { readonly kind: 'in'; readonly member: Member }
  | { readonly kind: 'out'; readonly userId: string }
  | {
      readonly kind: 'event';
      readonly event: CachedEvent;
      readonly ttlMs: Millis;
      readonly except: SocketId | undefined;
      /** It was anticipated: subscribers know it. */
      readonly isAnticipated?: boolean;
    }
  | { readonly kind: 'miss-over' };

/** What subscribers of this node are to be told. */
export type ReplicaNotice =
  | Exclude<ChannelChange, { kind: 'miss-over' | 'event' }>
  | { readonly kind: 'event'; readonly event: CachedEvent; readonly except: SocketId | undefined };

interface Revised {
  readonly revision: number;
  readonly change: ChannelChange;
}

/**
 * What a node knows of a channel that it holds: a snapshot, and the changes since. Whatever the order in
 * which snapshots and changes arrive, it goes forward only, and each difference is told once.
 */
export class Replica {
  /** As of which revision; undefined while no snapshot is trusted. */
  #revision: number | undefined;
  /** Up to which revision subscribers were told while it was trusted last. */
  #toldUntil = -Infinity;
  /** The first revision that a snapshot must have. An older one may lack changes whose notices were missed. */
  #neededRevision = -Infinity;
  #isKnown = false;
  readonly #members = new Roster();
  #cached: { readonly event: CachedEvent; readonly until: Millis } | undefined;
  /** Events that were told here and are not known to be kept: what is kept is older. */
  #unkept = 0;
  #missUntil: Millis = -Infinity;
  /** Changes that came while no snapshot was trusted. */
  #early: Revised[] = [];

  get isTrusted(): boolean {
    return this.#revision !== undefined;
  }

  /** Whether anything was known before, so that subscribers may have been told of it. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Everybody present, as far as is known. */
  get members(): ReadonlyRoster {
    return this.#members;
  }

  cached(at: Millis): CachedEvent | undefined {
    return this.#cached !== undefined && this.#cached.until > at ? this.#cached.event : undefined;
  }

  /** Whether a miss now would be the one that was reported already. */
  missStands(at: Millis): boolean {
    return this.#missUntil > at;
  }

  /**
   * Changes up to the revision `missedUntil` may have been missed. The next snapshot of that revision or a later one is
   * trusted. A reply to an earlier question may still arrive with an older one.
   */
  distrust(missedUntil: number): void {
    this.#toldUntil = this.#revision ?? this.#toldUntil;
    this.#revision = undefined;
    this.#neededRevision = missedUntil;
  }

  /** Takes a snapshot, unless it is too old or more is known already. Returns what it changes. */
  merge(snapshot: Snapshot, at: Millis): readonly ReplicaNotice[] {
    if (snapshot.revision < this.#neededRevision) return [];
    if (this.#revision !== undefined && this.#revision >= snapshot.revision) return [];
    const changes = [...this.#earlyEvents(snapshot.revision, at), ...this.#differences(snapshot, at)];
    const told = this.#isKnown ? changes : [];
    this.#members.clear();
    for (const [id, member] of snapshot.members) this.#members.set(id, member);
    const { cached, missStandsMs } = snapshot;
    if (this.#unkept === 0) {
      this.#cached = cached && { event: cached.event, until: at + cached.remainingMs };
    }
    this.#missUntil = at + missStandsMs;
    this.#revision = snapshot.revision;
    this.#isKnown = true;
    const early = this.#early;
    this.#early = [];
    return [...told, ...early.flatMap(({ revision, change }) => this.apply(revision, change, at))];
  }

  /** Takes a change, unless the snapshot had it already. Returns what is to be told. */
  apply(revision: number, change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    if (this.#revision === undefined) {
      this.#early.push({ revision, change });
      return [];
    }
    if (revision <= this.#revision) return [];
    this.#revision = revision;
    return this.#take(change, at);
  }

  /** Somebody was answered from what is known here: whatever more the next snapshot says is to be told. */
  answeredAlone(): void {
    this.#isKnown = true;
  }

  /**
   * Takes a change of this node that the others cannot know yet. Returns what is to be told. An event prevails over
   * whatever snapshots say until `eventKept` is called.
   */
  anticipate(change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    this.#isKnown = true;
    if (change.kind === 'event') this.#unkept += 1;
    return this.#take(change, at);
  }

  /** An event that was anticipated is kept by now, or will not be. */
  eventKept(): void {
    this.#unkept -= 1;
  }

  #take(change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    switch (change.kind) {
      case 'in':
        if (this.#members.has(change.member.userId)) return [];
        this.#members.set(change.member.userId, change.member);
        return [change];
      case 'out':
        return this.#members.delete(change.userId) ? [change] : [];
      case 'event':
        this.#cached = { event: change.event, until: at + change.ttlMs };
        this.#missUntil = -Infinity;
        return change.isAnticipated === true
          ? []
          : [{ kind: 'event', event: change.event, except: change.except }];
      case 'miss-over':
        this.#missUntil = -Infinity;
        return [];
    }
  }

  /** Takes the events that came while no snapshot was trusted: of a snapshot only the last can be told. */
  #earlyEvents(until: number, at: Millis): readonly ReplicaNotice[] {
    return this.#early.flatMap(({ revision, change }) =>
      change.kind === 'event' && revision > this.#toldUntil && revision <= until
        ? this.#take(change, at)
        : [],
    );
  }

  #differences({ members, cached }: Snapshot, at: Millis): ReplicaNotice[] {
    const told: ReplicaNotice[] = [];
    for (const [userId, { infoJson }] of this.#members) {
      if (members.get(userId)?.infoJson !== infoJson) told.push({ kind: 'out', userId });
    }
    for (const [userId, member] of members) {
      if (this.#members.get(userId)?.infoJson !== member.infoJson) told.push({ kind: 'in', member });
    }
    const before = this.cached(at);
    const isNew =
      this.#unkept === 0 &&
      cached !== undefined &&
      (before?.name !== cached.event.name || before.data !== cached.event.data);
    if (isNew) told.push({ kind: 'event', event: cached.event, except: undefined });
    return told;
  }
}

/** As the port words it. */
export function toNotice(told: ReplicaNotice): Notice {
  switch (told.kind) {
    case 'in':
      return { kind: 'member-added', member: told.member };
    case 'out':
      return { kind: 'member-removed', userId: told.userId };
    case 'event':
      return { kind: 'event', event: told.event, except: told.except };
  }
}
