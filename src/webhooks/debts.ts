import type { ChannelName } from '../protocol/channel-name.ts';
import { anyChannel, type KeptDebt, type KeptSubject } from './debt-keeper.ts';
import type { Endpoint } from './endpoint.ts';
import type { WebhookEvent } from './event.ts';
import {
  isStateEvent,
  itself,
  readSubject,
  type StateEvent,
  type LastSent,
  type NotSentReason,
} from './last-sent.ts';

/** The true state of a channel, as reported by webhooks. */
export interface ChannelTruth {
  readonly isOccupied: boolean;
  readonly userIds: ReadonlySet<string>;
}

/** What an endpoint was last sent of a channel of which it has missed something. */
export interface Debt {
  /** By user id; the empty name stands for the channel itself. */
  readonly sent: ReadonlyMap<string, LastSent>;
  /** Whether something was missed that is not recorded. Nothing is known then of subjects that are not in `sent`. */
  readonly isUncertain: boolean;
  /** The sequence number of the last event that reported the channel as vacated to the endpoint. */
  readonly vacatedSeq: number;
  /** Whether somebody has requested that the endpoint be sent what it missed. */
  readonly isRequested: boolean;
}

/** What an endpoint will believe of a channel of which it has missed something. */
export interface Believer {
  readonly appId: string;
  readonly endpoint: Endpoint;
  readonly channel: ChannelName;
  readonly believed: Expectation['believed'];
}

interface DebtRecord {
  readonly sent: Map<string, LastSent>;
  /** Whether a dropped event was not recorded, so that the endpoint cannot be brought to the complete truth. */
  isPartial: boolean;
  /** The sequence number of the last such event. */
  partialSeq: number;
  vacatedSeq: number;
  /** Whether somebody has requested that the endpoint be sent what it missed. */
  isRequested: boolean;
}

/** What an endpoint will believe of a channel after it has received the events that wait for it. */
export interface Expectation {
  /** By user id; the empty name stands for the channel itself. Only of subjects of which it has missed something; undefined: unknown. */
  readonly believed: ReadonlyMap<string, boolean | undefined>;
  /** Whether events that change the state wait for it. */
  readonly isPending: boolean;
}

/** Something that an endpoint was not notified of. */
interface MissedBefore {
  readonly why: NotSentReason;
  /** Undefined if it may have been notified earlier. */
  readonly isThere: boolean | undefined;
  /** Greater than the sequence numbers of all events so far: those that still wait for the endpoint are older than what it missed. */
  readonly seq: number;
}

/** How many old debts are examined with each new one while the table is more than half full. */
const sweptWithDrop = 2;

/**
 * The events that one endpoint has missed, by channel: they were dropped, or the endpoint was added after they happened. Events
 * of a subject alternate, so a dropped event states the opposite of what the endpoint received before it. What the endpoint
 * accepts afterwards is what it received last. Of all other channels, it has received everything that does not wait.
 */
export class Debts {
  readonly #most: number;
  readonly #channels = new Map<ChannelName, DebtRecord>();
  #subjects = 0;
  #asked = 0;
  #hasOverflowed = false;
  /** The sequence number of the last event whose debt could not be recorded. */
  #overflowSeq = 0;
  #sweep: Iterator<[ChannelName, DebtRecord]> | undefined;
  /** Whether debts are kept until they are settled, even if later events have brought the endpoint up to date. */
  isReconciled: boolean;

  /** `most` is the maximum number of subjects to remember. */
  constructor(most: number, isReconciled = true) {
    this.#most = most;
    this.isReconciled = isReconciled;
  }

  /** The channels with debts. */
  get channels(): readonly ChannelName[] {
    return [...this.#channels.keys()];
  }

  /** The channels of which the endpoint must be sent what it missed. */
  get due(): readonly ChannelName[] {
    if (!this.isReconciled && this.#asked === 0) return [];
    return this.channels.filter((channel) => {
      const debt = this.#channels.get(channel);
      // Without a recorded subject there is nothing to send.
      const isMute = debt === undefined || (debt.isPartial && debt.sent.size === 0);
      return !isMute && (this.isReconciled || debt.isRequested);
    });
  }

  get isEmpty(): boolean {
    return this.#channels.size === 0;
  }

  /** Whether some debt could not be recorded. What the endpoint believes is then also unknown for channels without a debt. */
  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  /** What the endpoint has missed of the channel; undefined if there is no debt. */
  of(channel: ChannelName): Debt | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    const { sent, vacatedSeq, isRequested } = debt;
    return { sent, vacatedSeq, isRequested, isUncertain: isUncertain(debt) };
  }

  /**
   * Restores a stored debt. No event of an earlier run has a greater sequence number than `lastPlace`. A debt of `anyChannel`
   * means that debts could not be recorded.
   */
  restore(kept: KeptDebt, lastPlace: number): void {
    const { channel, isPartial, partialSeq = 0, vacatedSeq, isRequested = false, told } = kept;
    if (channel === anyChannel) return this.markUncertain(partialSeq);
    const debt = { ...newRecord(isPartial), partialSeq, vacatedSeq: vacatedSeq ?? 0 };
    for (const [subject, wasThere, seq, lastSeq = lastPlace, mayKnowMore] of told) {
      // A later event may have reported the channel as vacated.
      const isUnsure = vacatedSeq === undefined && wasThere === true && subject !== itself;
      const isThere = isUnsure ? undefined : (wasThere ?? undefined);
      // What the latest event stated is not stored.
      debt.sent.set(subject, { isThere, seq, lastSeq, lastIsThere: undefined, why: undefined, mayKnowMore });
    }
    this.#forget(channel);
    this.#channels.set(channel, debt);
    this.#setRequested(debt, isRequested);
    this.#subjects += told.length;
  }

  /** The debt in the form to be stored, with all subjects or these; undefined if there is none. */
  keep(channel: ChannelName, subjects?: Iterable<string>): KeptDebt | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    const { isPartial, partialSeq, vacatedSeq, sent } = debt;
    const told = Array.from(subjects ?? sent.keys()).flatMap((subject): KeptSubject[] => {
      const one = sent.get(subject);
      if (one === undefined) return [];
      const { isThere = null, seq, lastSeq, mayKnowMore } = one;
      return [mayKnowMore ? [subject, isThere, seq, lastSeq, true] : [subject, isThere, seq, lastSeq]];
    });
    return { channel, isPartial, partialSeq, vacatedSeq, told };
  }

  /**
   * Records that the endpoint will never get the event, unless it is unsure whether it has. Returns whether there was room for
   * that.
   */
  dropped(event: StateEvent, seq: number, why?: NotSentReason, isUnsure = false): boolean {
    const debt = this.#channels.get(event.channel) ?? this.#open(event.channel);
    if (debt === undefined) {
      this.#overflowSeq = Math.max(this.#overflowSeq, seq);
      return false;
    }
    const { subject, isThere } = readSubject(event);
    const known = debt.sent.get(subject);
    const mayKnowMore = (why?.kind === 'dropped' && why.mayHaveArrived) || known?.mayKnowMore;
    // If an unknown event was dropped as well, the event before need not have stated the opposite.
    const before = isUnsure || isUncertain(debt) ? undefined : !isThere;
    if (known === undefined) {
      const sent = { isThere: before, seq, lastSeq: seq, lastIsThere: isThere, why, mayKnowMore };
      if (this.#subjects < this.#most) this.#set(debt, subject, sent);
      else {
        debt.isPartial = true;
        debt.partialSeq = Math.max(debt.partialSeq, seq);
      }
      return true;
    }
    known.mayKnowMore = mayKnowMore;
    // What was missed before has the sequence number of the next event.
    if (seq >= known.lastSeq) Object.assign(known, { lastSeq: seq, lastIsThere: isThere, why });
    if (known.seq > seq) Object.assign(known, { isThere: before, seq });
    else if (isUnsure && known.isThere !== isThere) known.isThere = undefined;
    return true;
  }

  /** Records that the endpoint has accepted the event. Returns whether that concerns a debt. */
  delivered(event: StateEvent, seq: number): boolean {
    const debt = this.#channels.get(event.channel);
    if (debt === undefined) return false;
    const { subject, isThere } = readSubject(event);
    if (event.name === 'channel_vacated') debt.vacatedSeq = Math.max(debt.vacatedSeq, seq);
    const known = debt.sent.get(subject);
    if (known === undefined) {
      // Nothing was known of the subject until now.
      const sent = { isThere, seq, lastSeq: seq, lastIsThere: isThere, why: undefined };
      if (debt.isPartial && this.#subjects < this.#most) this.#set(debt, subject, sent);
    } else if (known.seq <= seq) {
      // The same event may have been noted as dropped by a process that ended before it could settle that.
      Object.assign(known, { isThere, seq, mayKnowMore: undefined });
      // Nothing of the subject was dropped since, so it needs no record.
      if (seq >= known.lastSeq) {
        Object.assign(known, { lastSeq: seq, lastIsThere: isThere, why: undefined });
        this.#pay(event.channel, debt, subject);
      }
    }
    return true;
  }

  /** Records that the endpoint was not notified of a subject that is there. Returns whether there was room for that. */
  missedBefore(channel: ChannelName, subject: string, { why, isThere, seq: lastSeq }: MissedBefore): boolean {
    const debt = this.#channels.get(channel) ?? this.#open(channel);
    if (debt === undefined) return false;
    const known = debt.sent.get(subject);
    if (known !== undefined) {
      if (lastSeq > known.lastSeq) Object.assign(known, { lastSeq, lastIsThere: true, why });
      return true;
    }
    // Earlier than every event that the endpoint will receive.
    const sent = { isThere, seq: 0, lastSeq, lastIsThere: true, why };
    if (this.#subjects < this.#most) this.#set(debt, subject, sent);
    else debt.isPartial = true;
    return true;
  }

  /** Records that an unknown event was dropped, at this sequence number or before: of this channel or, without one, of any. */
  markUncertain(seq: number, channel?: ChannelName): void {
    const debt = channel === undefined ? undefined : (this.#channels.get(channel) ?? this.#open(channel));
    if (debt === undefined) {
      this.#hasOverflowed = true;
      this.#overflowSeq = Math.max(this.#overflowSeq, seq);
    } else {
      debt.isPartial = true;
      debt.partialSeq = Math.max(debt.partialSeq, seq);
    }
  }

  /** Requests, once, that the endpoint be sent what it missed. Returns the number of channels. */
  ask(): number {
    let channels = 0;
    for (const debt of this.#channels.values()) {
      if (debt.sent.size === 0) continue;
      channels += 1;
      this.#setRequested(debt, true);
    }
    return channels;
  }

  /**
   * Makes room, a little with each call: events that were dropped in pairs are no debt, unless earlier events of the channel
   * still wait, or the endpoint may have received one of them. Calls `changed` for each subject whose debt is forgotten.
   */
  sweep(
    waits: (channel: ChannelName) => boolean,
    changed: (channel: ChannelName, subject: string) => void,
  ): void {
    if (this.isReconciled || 2 * Math.max(this.#subjects, this.#channels.size) < this.#most) return;
    for (let count = 0; count < sweptWithDrop; count += 1) {
      this.#sweep ??= this.#channels.entries();
      const next = this.#sweep.next();
      if (next.done === true) return void (this.#sweep = undefined);
      const [channel, debt] = next.value;
      const paid = [...debt.sent].filter(
        ([subject, sent]) => sent.mayKnowMore !== true && sent.lastIsThere === lastSent(debt, subject, sent),
      );
      if (paid.length === 0 || waits(channel)) continue;
      for (const [subject] of paid) {
        this.#pay(channel, debt, subject);
        changed(channel, subject);
      }
    }
  }

  /** What the endpoint will believe of the channel after the events that wait for it; undefined if there is no debt. */
  expect(channel: ChannelName, waiting: readonly WebhookEvent[]): Expectation | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    const believed = new Map(
      Array.from(
        debt.sent,
        ([subject, sent]) => [subject, sent.mayKnowMore ? undefined : lastSent(debt, subject, sent)] as const,
      ),
    );
    const pending = waiting.filter(isStateEvent).map(readSubject);
    for (const { subject, isThere } of pending) if (believed.has(subject)) believed.set(subject, isThere);
    return { believed, isPending: pending.length > 0 };
  }

  /** The endpoint believes the truth of the channel, as far as that is known. */
  settled(channel: ChannelName): void {
    const debt = this.#channels.get(channel);
    if (debt?.isPartial === true) this.#clear(debt);
    else this.#forget(channel);
  }

  /** Whether the endpoint cannot be brought to the complete truth of the channel. */
  isPartial(channel: ChannelName): boolean {
    return this.#channels.get(channel)?.isPartial ?? this.#hasOverflowed;
  }

  /** Undefined if there is no room for another channel. */
  #open(channel: ChannelName): DebtRecord | undefined {
    if (Math.max(this.#subjects, this.#channels.size) >= this.#most) {
      this.#hasOverflowed = true;
      return undefined;
    }
    const debt = { ...newRecord(this.#hasOverflowed), partialSeq: this.#overflowSeq };
    this.#channels.set(channel, debt);
    return debt;
  }

  #set(debt: DebtRecord, subject: string, sent: LastSent): void {
    if (!debt.sent.has(subject)) this.#subjects += 1;
    debt.sent.set(subject, sent);
  }

  /** Removes the record of a subject that is up to date. A partial debt must keep it. */
  #pay(channel: ChannelName, debt: DebtRecord, subject: string): void {
    if (debt.isPartial) return;
    if (debt.sent.delete(subject)) this.#subjects -= 1;
    if (debt.sent.size === 0 && !this.isReconciled && !debt.isRequested) this.#forget(channel);
  }

  #clear(debt: DebtRecord): void {
    this.#subjects -= debt.sent.size;
    debt.sent.clear();
    this.#setRequested(debt, false);
  }

  #setRequested(debt: DebtRecord, isRequested: boolean): void {
    if (debt.isRequested !== isRequested) this.#asked += isRequested ? 1 : -1;
    debt.isRequested = isRequested;
  }

  #forget(channel: ChannelName): void {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return;
    this.#clear(debt);
    this.#channels.delete(channel);
  }
}

/**
 * What the endpoint was last sent of a subject. If a channel was vacated and the endpoint was not sent that a member left
 * before, its belief is unknown: some backends remove the members with the channel, others do not.
 */
function lastSent(
  { vacatedSeq }: DebtRecord,
  subject: string,
  { isThere, seq }: LastSent,
): boolean | undefined {
  return isThere === true && subject !== itself && vacatedSeq > seq ? undefined : isThere;
}

/** The events that change what an endpoint believes of a channel into the truth, in order. */
export function correctionsOf(
  channel: ChannelName,
  believed: Expectation['believed'],
  { isOccupied, userIds }: ChannelTruth,
): readonly StateEvent[] {
  const events: StateEvent[] = [];
  for (const [userId, isThere] of believed) {
    if (userId === itself || isThere === userIds.has(userId)) continue;
    events.push({ name: userIds.has(userId) ? 'member_added' : 'member_removed', channel, userId });
  }
  // A channel is occupied before members are added, and vacated after all members were removed.
  if (believed.has(itself) && believed.get(itself) !== isOccupied) {
    if (isOccupied) events.unshift({ name: 'channel_occupied', channel });
    else events.push({ name: 'channel_vacated', channel });
  }
  return events;
}

/** Whether nothing is known of subjects without a record. An event that reported the channel as vacated clears this. */
function isUncertain({ isPartial, vacatedSeq, partialSeq }: DebtRecord): boolean {
  return isPartial && vacatedSeq <= partialSeq;
}

function newRecord(isPartial: boolean): DebtRecord {
  return { sent: new Map(), isPartial, partialSeq: 0, vacatedSeq: 0, isRequested: false };
}
