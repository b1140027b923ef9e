import type { ChannelName } from '../protocol/channel-name.ts';
import type { WebhookEvent } from './event.ts';
import { isStateEvent, itself, readSubject, type StateEvent, type Told, type Untold } from './told.ts';

/** What is true of a channel, as far as webhooks have said it. */
export interface ChannelTruth {
  readonly isOccupied: boolean;
  readonly userIds: ReadonlySet<string>;
}

/** What an endpoint was told of one channel of which it was not told something. */
export interface Debt {
  /** By user; of the channel itself under the empty name. */
  readonly told: ReadonlyMap<string, Told>;
  /** There is more that it was not told and that is not remembered; of what `told` lacks nothing is known. */
  readonly isUncertain: boolean;
  /** The place of the last event by which it was told that nobody is there. */
  readonly vacatedSeq: number;
  /** Somebody has asked that the endpoint be told. */
  readonly isAsked: boolean;
}

interface DebtRecord {
  readonly told: Map<string, Told>;
  /** Something of it was dropped that was not remembered: the endpoint cannot be brought to the whole truth. */
  isPartial: boolean;
  /** The place of the last such event. */
  partialSeq: number;
  vacatedSeq: number;
  /** Somebody has asked that the endpoint be told. */
  isAsked: boolean;
}

/** What else the endpoint gets. */
interface Answering {
  /** What waits for it of the channel, in order. */
  readonly waiting: readonly WebhookEvent[];
  /** Whether it hears of such events. */
  readonly wants: (name: StateEvent['name']) => boolean;
}

/** A debt as it is kept. */
export interface KeptDebt {
  readonly channel: ChannelName;
  readonly isPartial: boolean;
  /** The place of the last such event; undefined: an earlier version did not keep it. */
  readonly partialSeq?: number | undefined;
  /** The place of the last event by which it was told that nobody is there; undefined: an earlier version did not keep it. */
  readonly vacatedSeq?: number | undefined;
  readonly told: readonly (readonly [subject: string, isThere: boolean, seq: number])[];
}

/** So many old debts are looked at with each new one while it is more than half full. */
const sweptWithDrop = 2;

/**
 * What one endpoint believes of the channels of which it was not told something: because it was dropped, or because it was so
 * before the endpoint came. Events of a subject take turns, so a dropped one says what the endpoint was told before it: the
 * opposite. What it takes afterwards is what it was told last. Of all other channels it has taken whatever does not wait.
 */
export class Debts {
  readonly #most: number;
  readonly #channels = new Map<ChannelName, DebtRecord>();
  #subjects = 0;
  #asked = 0;
  #hasOverflowed = false;
  /** The place of the last event for whose debt there was no room. */
  #overflowSeq = 0;
  #sweep: Iterator<[ChannelName, DebtRecord]> | undefined;
  /** Debts are kept until they are settled, even if the endpoint has learned the truth by later events. */
  isReconciled: boolean;

  /** So many subjects are remembered at most. */
  constructor(most: number, isReconciled = true) {
    this.#most = most;
    this.isReconciled = isReconciled;
  }

  /** The channels of which there are debts. */
  get channels(): readonly ChannelName[] {
    return [...this.#channels.keys()];
  }

  /** The channels of which the endpoint is to be told what it does not know. */
  get due(): readonly ChannelName[] {
    if (!this.isReconciled && this.#asked === 0) return [];
    return this.channels.filter((channel) => {
      const debt = this.#channels.get(channel);
      // Of what is not known there is nothing to say.
      const isMute = debt === undefined || (debt.isPartial && debt.told.size === 0);
      return !isMute && (this.isReconciled || debt.isAsked);
    });
  }

  get isEmpty(): boolean {
    return this.#channels.size === 0;
  }

  /** There was not room for every debt: of a channel without one it is not known either what the endpoint believes. */
  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  /** What the endpoint was not told of the channel; undefined: there is no debt of it. */
  of(channel: ChannelName): Debt | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    const { told, vacatedSeq, isAsked } = debt;
    return { told, vacatedSeq, isAsked, isUncertain: isUncertain(debt) };
  }

  /** Goes on with what was kept. */
  restore({ channel, isPartial, partialSeq = 0, vacatedSeq, told }: KeptDebt): void {
    const debt = { ...newRecord(isPartial), partialSeq, vacatedSeq: vacatedSeq ?? 0 };
    for (const [subject, wasThere, seq] of told) {
      // It may have been told since that nobody is there.
      const isUnsure = vacatedSeq === undefined && wasThere && subject !== itself;
      const isThere = isUnsure ? undefined : wasThere;
      // What became of later events is not kept.
      debt.told.set(subject, { isThere, seq, lastSeq: Infinity, lastIsThere: undefined, why: undefined });
    }
    this.#forget(channel);
    this.#channels.set(channel, debt);
    this.#subjects += told.length;
  }

  /** A debt as it is to be kept; undefined: there is none of the channel. */
  keep(channel: ChannelName): KeptDebt | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    let { isPartial, partialSeq } = debt;
    const told: [string, boolean, number][] = [];
    for (const [subject, { isThere, seq }] of debt.told) {
      if (isThere !== undefined) told.push([subject, isThere, seq]);
      else {
        isPartial = true;
        partialSeq = Math.max(partialSeq, seq);
      }
    }
    return { channel, isPartial, partialSeq, vacatedSeq: debt.vacatedSeq, told };
  }

  /** The endpoint will never get the event. */
  dropped(event: StateEvent, seq: number, why?: Untold): void {
    const { subject, isThere } = readSubject(event);
    const debt = this.#channels.get(event.channel) ?? this.#open(event.channel);
    if (debt === undefined) return void (this.#overflowSeq = Math.max(this.#overflowSeq, seq));
    const known = debt.told.get(subject);
    // Where more was dropped than is known, it may be the opposite no more.
    const before = isUncertain(debt) ? undefined : !isThere;
    if (known === undefined) {
      const told = { isThere: before, seq, lastSeq: seq, lastIsThere: isThere, why };
      if (this.#subjects < this.#most) return this.#set(debt, subject, told);
      debt.isPartial = true;
      debt.partialSeq = Math.max(debt.partialSeq, seq);
      return;
    }
    if (seq > known.lastSeq) Object.assign(known, { lastSeq: seq, lastIsThere: isThere, why });
    if (known.seq > seq) Object.assign(known, { isThere: before, seq });
  }

  /** The endpoint has taken the event. Whether that says something of a debt. */
  delivered(event: StateEvent, seq: number): boolean {
    const debt = this.#channels.get(event.channel);
    if (debt === undefined) return false;
    const { subject, isThere } = readSubject(event);
    if (event.name === 'channel_vacated') debt.vacatedSeq = Math.max(debt.vacatedSeq, seq);
    const known = debt.told.get(subject);
    if (known === undefined) {
      // Of a subject of which nothing was known it is known now.
      const told = { isThere, seq, lastSeq: seq, lastIsThere: isThere, why: undefined };
      if (debt.isPartial && this.#subjects < this.#most) this.#set(debt, subject, told);
    } else if (known.seq < seq) {
      Object.assign(known, { isThere, seq });
      // Nothing of the subject was dropped since, so it is like all of which nothing was dropped.
      if (seq >= known.lastSeq) {
        Object.assign(known, { lastSeq: seq, lastIsThere: isThere, why: undefined });
        this.#pay(event.channel, debt, subject);
      }
    }
    return true;
  }

  /** The subject was there before the endpoint heard of it; an endpoint that may have heard of it believes `undefined`. */
  unheard(channel: ChannelName, subject: string, why: Untold, isThere?: boolean): void {
    const debt = this.#channels.get(channel) ?? this.#open(channel);
    if (debt === undefined || debt.told.has(subject)) return;
    // Older than all that the endpoint will hear of it.
    const told = { isThere, seq: 0, lastSeq: 0, lastIsThere: true, why };
    if (this.#subjects < this.#most) this.#set(debt, subject, told);
    else debt.isPartial = true;
  }

  /** Something of the channel was dropped, at this place or before, and nobody knows any more what; of any channel, if none is given. */
  doubt(seq: number, channel?: ChannelName): void {
    const debt = channel === undefined ? undefined : (this.#channels.get(channel) ?? this.#open(channel));
    if (debt === undefined) {
      this.#hasOverflowed = true;
      this.#overflowSeq = Math.max(this.#overflowSeq, seq);
    } else {
      debt.isPartial = true;
      debt.partialSeq = Math.max(debt.partialSeq, seq);
    }
  }

  /** Somebody asks that the endpoint be told what it does not know, once. Returns of how many channels. */
  ask(): number {
    let channels = 0;
    for (const debt of this.#channels.values()) {
      if (debt.told.size === 0) continue;
      channels += 1;
      this.#setAsked(debt, true);
    }
    return channels;
  }

  /**
   * Makes room, a little each time: what was dropped in pairs is no debt, unless something of the channel waits that was before
   * them.
   */
  sweep(waits: (channel: ChannelName) => boolean): void {
    if (this.isReconciled || 2 * Math.max(this.#subjects, this.#channels.size) < this.#most) return;
    for (let count = 0; count < sweptWithDrop; count += 1) {
      this.#sweep ??= this.#channels.entries();
      const next = this.#sweep.next();
      if (next.done === true) return void (this.#sweep = undefined);
      const [channel, debt] = next.value;
      const paid = [...debt.told].filter(
        ([subject, told]) => told.lastIsThere === lastTold(debt, subject, told),
      );
      if (paid.length > 0 && !waits(channel)) for (const [subject] of paid) this.#pay(channel, debt, subject);
    }
  }

  /**
   * The events that turn what the endpoint believes into the truth, once it has got those that wait for it. `undefined`:
   * nothing is left to say, and nothing waits; the channel is forgotten then.
   */
  settle(
    channel: ChannelName,
    { isOccupied, userIds }: ChannelTruth,
    { waiting, wants }: Answering,
  ): readonly StateEvent[] | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return [];
    const believed = new Map(
      Array.from(debt.told, ([subject, told]) => [subject, lastTold(debt, subject, told)] as const),
    );
    const pending = waiting.filter(isStateEvent).map(readSubject);
    for (const { subject, isThere } of pending) if (believed.has(subject)) believed.set(subject, isThere);
    const events: StateEvent[] = [];
    for (const [userId, isThere] of believed) {
      if (userId === itself || isThere === userIds.has(userId)) continue;
      events.push({ name: userIds.has(userId) ? 'member_added' : 'member_removed', channel, userId });
    }
    // A channel is occupied before anybody is added, and vacated once everybody was removed.
    if (believed.has(itself) && believed.get(itself) !== isOccupied) {
      if (isOccupied) events.unshift({ name: 'channel_occupied', channel });
      else events.push({ name: 'channel_vacated', channel });
    }
    const wanted = events.filter(({ name }) => wants(name));
    if (wanted.length > 0 || pending.length > 0) return wanted;
    if (debt.isPartial) this.#clear(debt);
    else this.#forget(channel);
    return undefined;
  }

  /** Whether the endpoint cannot be brought to the whole truth of the channel. */
  isPartial(channel: ChannelName): boolean {
    return this.#channels.get(channel)?.isPartial ?? this.#hasOverflowed;
  }

  /** Undefined: there is no room for a further channel. */
  #open(channel: ChannelName): DebtRecord | undefined {
    if (Math.max(this.#subjects, this.#channels.size) >= this.#most) {
      this.#hasOverflowed = true;
      return undefined;
    }
    const debt = { ...newRecord(this.#hasOverflowed), partialSeq: this.#overflowSeq };
    this.#channels.set(channel, debt);
    return debt;
  }

  #set(debt: DebtRecord, subject: string, told: Told): void {
    if (!debt.told.has(subject)) this.#subjects += 1;
    debt.told.set(subject, told);
  }

  /** The endpoint knows as much of the subject as of any other. What it knows in a partial debt has to be remembered. */
  #pay(channel: ChannelName, debt: DebtRecord, subject: string): void {
    if (debt.isPartial) return;
    if (debt.told.delete(subject)) this.#subjects -= 1;
    if (debt.told.size === 0 && !this.isReconciled && !debt.isAsked) this.#forget(channel);
  }

  #clear(debt: DebtRecord): void {
    this.#subjects -= debt.told.size;
    debt.told.clear();
    this.#setAsked(debt, false);
  }

  #setAsked(debt: DebtRecord, isAsked: boolean): void {
    if (debt.isAsked !== isAsked) this.#asked += isAsked ? 1 : -1;
    debt.isAsked = isAsked;
  }

  #forget(channel: ChannelName): void {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return;
    this.#clear(debt);
    this.#channels.delete(channel);
  }
}

/**
 * What the endpoint was told last of a subject. Of members that it was not told have gone before a channel was vacated, it
 * may believe either: some keep the members of a channel with it, others by themselves.
 */
function lastTold({ vacatedSeq }: DebtRecord, subject: string, { isThere, seq }: Told): boolean | undefined {
  return isThere === true && subject !== itself && vacatedSeq > seq ? undefined : isThere;
}

/** Whether of what is not remembered nothing is known: unless the endpoint was told since that nobody is there. */
function isUncertain({ isPartial, vacatedSeq, partialSeq }: DebtRecord): boolean {
  return isPartial && vacatedSeq <= partialSeq;
}

function newRecord(isPartial: boolean): DebtRecord {
  return { told: new Map(), isPartial, partialSeq: 0, vacatedSeq: 0, isAsked: false };
}
