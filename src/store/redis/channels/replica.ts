import type { Member, Notice } from '../../../ports/attendance.ts';
import type { CachedEvent } from '../../../ports/channel-caches.ts';
import type { Millis } from '../../../ports/clock.ts';
import { Roster, type ReadonlyRoster } from '../../../protocol/roster.ts';
import type { SocketId } from '../../../protocol/socket-id.ts';

/** The state of a channel as of a revision. */
export interface Snapshot {
  readonly revision: number;
  readonly members: ReadonlyMap<string, Member>;
  readonly cached: { readonly event: CachedEvent; readonly remainingMs: Millis } | undefined;
  /** How long the cache miss still lasts; 0: there is none. */
  readonly missRemainsMs: Millis;
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
      /** Identifies the event. */
      readonly mark: string;
    }
  | { readonly kind: 'miss-over' };

type CachedChange = Extract<ChannelChange, { kind: 'event' }>;

/** A notice for subscribers of this node. */
export type ReplicaNotice =
  | Exclude<ChannelChange, { kind: 'miss-over' | 'event' }>
  | { readonly kind: 'event'; readonly event: CachedEvent; readonly except: SocketId | undefined };

/** A change, and the revision of the partition that it made. */
export interface RevisedChange {
  readonly revision: number;
  readonly change: ChannelChange;
}

/** A member with connections on this node. */
export interface MemberHere extends Member {
  /** False while none of them is subscribed yet. */
  readonly isAdmitted: boolean;
}

/**
 * What a node knows of a channel that it holds: a snapshot, and the changes since. Snapshots and changes may arrive in any order. The
 * replica only moves forward, and yields each difference once.
 *
 * Members who are subscribed on this node are present, whatever Redis says. It may have had no memory for them, or count this node as
 * dead. The node asserts them again as soon as it can.
 */
export class Replica {
  readonly #here: ReadonlyMap<string, MemberHere>;
  /** The revision of the state; undefined while no snapshot is trusted. */
  #revision: number | undefined;
  /** The revision up to which subscribers were notified when a snapshot was last trusted. */
  #notifiedUntil = -Infinity;
  /** The first revision that a snapshot must have. An older one may lack changes whose notices were missed. */
  #neededRevision = -Infinity;
  #isKnown = false;
  readonly #members = new Roster();
  /** The members who are subscribed on this node and, as far as is known, missing in Redis. */
  #missing = new Set<string>();
  #cached: { readonly event: CachedEvent; readonly until: Millis } | undefined;
  /** How many events subscribers received that are not known to be kept. As long as there are any, events of snapshots are not taken. */
  #unkept = 0;
  /** The marks of events that subscribers received before Redis had them, and no other event since. */
  readonly #anticipated = new Set<string>();
  #missUntil: Millis = -Infinity;
  /** Changes that arrived while no snapshot was trusted. */
  #early: RevisedChange[] = [];

  constructor(here: ReadonlyMap<string, MemberHere>) {
    this.#here = here;
  }

  get isTrusted(): boolean {
    return this.#revision !== undefined;
  }

  /** Whether anything was ever known, so that subscribers may know it. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The present members, as far as is known. */
  get members(): ReadonlyRoster {
    return this.#members;
  }

  cached(at: Millis): CachedEvent | undefined {
    return this.#cached !== undefined && this.#cached.until > at ? this.#cached.event : undefined;
  }

  /** Whether the present cache miss has been reported already. */
  isMissReported(at: Millis): boolean {
    return this.#missUntil > at;
  }

  /**
   * Changes up to the revision `missedUntil` may have been missed. The next snapshot of that revision or a later one is
   * trusted. A reply to an earlier question may still arrive with an older one.
   */
  distrust(missedUntil: number): void {
    this.#notifiedUntil = this.#revision ?? this.#notifiedUntil;
    this.#revision = undefined;
    this.#neededRevision = missedUntil;
  }

  /** Takes a snapshot, unless it is too old or the replica is newer. Returns the notices for what it changes. */
  merge(snapshot: Snapshot, at: Millis): readonly ReplicaNotice[] {
    if (snapshot.revision < this.#neededRevision) return [];
    if (this.#revision !== undefined && this.#revision > snapshot.revision) return [];
    const missing = this.#missingIn(snapshot.members);
    this.#missing = new Set(missing.keys());
    const members = missing.size === 0 ? snapshot.members : new Map([...snapshot.members, ...missing]);
    const changes = [
      ...this.#earlyEvents(snapshot.revision, at),
      ...this.#differences({ ...snapshot, members }, at),
    ];
    const notices = this.#isKnown ? changes : [];
    this.#members.clear();
    for (const [id, member] of members) this.#members.set(id, member);
    const { cached, missRemainsMs } = snapshot;
    if (this.#unkept === 0) {
      this.#cached = cached && { event: cached.event, until: at + cached.remainingMs };
    }
    this.#missUntil = at + missRemainsMs;
    this.#revision = snapshot.revision;
    this.#isKnown = true;
    const early = this.#early;
    this.#early = [];
    return [...notices, ...early.flatMap(({ revision, change }) => this.apply(revision, change, at))];
  }

  /** Takes a change, unless the snapshot contained it. Returns the resulting notices. */
  apply(revision: number, change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    if (this.#revision === undefined) {
      this.#early.push({ revision, change });
      return [];
    }
    if (revision <= this.#revision) return [];
    this.#revision = revision;
    return this.#take(change, at);
  }

  /** A subscriber was answered without a snapshot, so it must be notified of all differences to the next one. */
  answeredWithoutSnapshot(): void {
    this.#isKnown = true;
  }

  /**
   * Takes a change of this node that other nodes cannot know yet. Returns the resulting notices. An event overrides snapshots until
   * `eventSettled` is called.
   */
  anticipate(change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    this.#isKnown = true;
    if (change.kind !== 'event') return this.#take(change, at);
    this.#unkept += 1;
    this.#anticipated.add(change.mark);
    return this.#cache(change, at);
  }

  /** The member is not subscribed on this node any more. Returns the notices for the subscribers if Redis will send none. */
  left(userId: string, at: Millis): readonly ReplicaNotice[] {
    return this.#missing.delete(userId) ? this.anticipate({ kind: 'out', userId }, at) : [];
  }

  /**
   * An anticipated event has been kept, or never will be. Its notice may still arrive until `forget` is called. Returns whether it was the
   * last one. Then the channel must be read again, because Redis may have a later event.
   */
  eventSettled(): boolean {
    this.#unkept -= 1;
    return this.#unkept === 0;
  }

  /** The notice of an anticipated event has arrived, or never will. */
  forget(mark: string): void {
    this.#anticipated.delete(mark);
  }

  #take(change: ChannelChange, at: Millis): readonly ReplicaNotice[] {
    switch (change.kind) {
      case 'in':
        this.#missing.delete(change.member.userId);
        if (this.#members.has(change.member.userId)) return [];
        this.#members.set(change.member.userId, change.member);
        return [change];
      case 'out':
        if (this.#here.get(change.userId)?.isAdmitted === true) {
          this.#missing.add(change.userId);
          return [];
        }
        return this.#members.delete(change.userId) ? [change] : [];
      case 'event': {
        const notices = this.#cache(change, at);
        if (this.#anticipated.has(change.mark)) return [];
        // Redis has this event before those that subscribers have received already. They receive these again, in that order.
        this.#anticipated.clear();
        return notices;
      }
      case 'miss-over':
        this.#missUntil = -Infinity;
        return [];
    }
  }

  #cache({ event, ttlMs, except }: CachedChange, at: Millis): readonly ReplicaNotice[] {
    this.#cached = { event, until: at + ttlMs };
    this.#missUntil = -Infinity;
    return [{ kind: 'event', event, except }];
  }

  /** Takes the events that arrived while no snapshot was trusted. A snapshot contains only the last one. */
  #earlyEvents(until: number, at: Millis): readonly ReplicaNotice[] {
    return this.#early.flatMap(({ revision, change }) =>
      change.kind === 'event' && revision > this.#notifiedUntil && revision <= until
        ? this.#take(change, at)
        : [],
    );
  }

  #missingIn(members: ReadonlyMap<string, Member>): ReadonlyMap<string, Member> {
    const missing = new Map<string, Member>();
    for (const { userId, infoJson, isAdmitted } of this.#here.values()) {
      if (isAdmitted && !members.has(userId)) missing.set(userId, { userId, infoJson });
    }
    return missing;
  }

  #differences({ members, cached }: Snapshot, at: Millis): ReplicaNotice[] {
    const notices: ReplicaNotice[] = [];
    for (const [userId, { infoJson }] of this.#members) {
      if (members.get(userId)?.infoJson !== infoJson) notices.push({ kind: 'out', userId });
    }
    for (const [userId, member] of members) {
      if (this.#members.get(userId)?.infoJson !== member.infoJson) notices.push({ kind: 'in', member });
    }
    const before = this.cached(at);
    const isNew =
      this.#unkept === 0 &&
      cached !== undefined &&
      (before?.name !== cached.event.name || before.data !== cached.event.data);
    if (isNew) notices.push({ kind: 'event', event: cached.event, except: undefined });
    return notices;
  }
}

/** Converts a notice to the type of the port. */
export function toNotice(notice: ReplicaNotice): Notice {
  switch (notice.kind) {
    case 'in':
      return { kind: 'member-added', member: notice.member };
    case 'out':
      return { kind: 'member-removed', userId: notice.userId };
    case 'event':
      return { kind: 'event', event: notice.event, except: notice.except };
  }
}
