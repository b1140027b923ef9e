import type { ChannelName } from '../protocol/channel-name.ts';
import { isExpendable, type WebhookEvent } from './event.ts';

/** An event that says whether a channel is occupied, or a user a member of it. */
export type StateEvent = Extract<
  WebhookEvent,
  { readonly name: 'channel_occupied' | 'channel_vacated' | 'member_added' | 'member_removed' }
>;

/** What is true of a channel, as far as webhooks have said it. */
export interface ChannelTruth {
  readonly isOccupied: boolean;
  readonly userIds: ReadonlySet<string>;
}

/** What an endpoint was told last of a channel, or of a user on it. */
interface Told {
  readonly isThere: boolean;
  /** The place of the event that this is known from, in the order in which events happened. */
  readonly seq: number;
}

/** What an endpoint was told of one channel of which something was dropped. */
interface Debt {
  /** By user; of the channel itself under the empty name. */
  readonly told: Map<string, Told>;
  /** Something of it was dropped that was not remembered: the endpoint cannot be brought to the whole truth. */
  isPartial: boolean;
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
  readonly told: readonly (readonly [subject: string, isThere: boolean, seq: number])[];
}

/** In the place of a user: the channel itself. No user has an empty id. */
const itself = '';

/** Whether it is an event of state. */
export function isStateEvent(event: WebhookEvent): event is StateEvent {
  return !isExpendable(event.name);
}

/**
 * What one endpoint believes of the channels of which something was dropped. Events of a subject take turns, so a dropped one
 * says what the endpoint was told before it: the opposite. What it takes afterwards is what it was told last.
 */
export class Debts {
  readonly #most: number;
  readonly #channels = new Map<ChannelName, Debt>();
  #subjects = 0;
  #hasOverflowed = false;

  /** So many subjects are remembered at most. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The channels of which something was dropped. */
  get channels(): readonly ChannelName[] {
    return [...this.#channels.keys()];
  }

  /** Goes on with what was kept. */
  restore({ channel, isPartial, told }: KeptDebt): void {
    const entries = told.map(([subject, isThere, seq]) => [subject, { isThere, seq }] as const);
    this.#channels.set(channel, { told: new Map(entries), isPartial });
    this.#subjects += told.length;
  }

  /** A debt as it is to be kept; undefined: there is none of the channel. */
  keep(channel: ChannelName): KeptDebt | undefined {
    const debt = this.#channels.get(channel);
    if (debt === undefined) return undefined;
    const told = Array.from(debt.told, ([subject, { isThere, seq }]) => [subject, isThere, seq] as const);
    return { channel, isPartial: debt.isPartial, told };
  }

  /** The endpoint will never get the event. */
  dropped(event: StateEvent, seq: number): void {
    const { subject, isThere } = read(event);
    let debt = this.#channels.get(event.channel);
    if (debt === undefined) {
      if (this.#subjects >= this.#most) {
        this.#hasOverflowed = true;
        return;
      }
      debt = { told: new Map(), isPartial: this.#hasOverflowed };
      this.#channels.set(event.channel, debt);
    }
    const known = debt.told.get(subject);
    if (known !== undefined && known.seq <= seq) return;
    if (known === undefined && this.#subjects >= this.#most) debt.isPartial = true;
    else this.#set(debt, subject, { isThere: !isThere, seq });
  }

  /** The endpoint has taken the event. Whether that says something of a debt. */
  delivered(event: StateEvent, seq: number): boolean {
    const debt = this.#channels.get(event.channel);
    if (debt === undefined) return false;
    const { subject, isThere } = read(event);
    const known = debt.told.get(subject);
    if (known !== undefined && known.seq < seq) debt.told.set(subject, { isThere, seq });
    return true;
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
    const believed = new Map(Array.from(debt.told, ([subject, { isThere }]) => [subject, isThere] as const));
    const pending = waiting.filter(isStateEvent).map(read);
    for (const { subject, isThere } of pending) if (believed.has(subject)) believed.set(subject, isThere);
    const events: StateEvent[] = [];
    for (const [userId, isThere] of believed) {
      if (userId === itself || isThere === userIds.has(userId)) continue;
      events.push({ name: isThere ? 'member_removed' : 'member_added', channel, userId });
    }
    // A channel is occupied before anybody is added, and vacated once everybody was removed.
    const itsOwn = believed.get(itself);
    if (itsOwn === false && isOccupied) events.unshift({ name: 'channel_occupied', channel });
    if (itsOwn === true && !isOccupied) events.push({ name: 'channel_vacated', channel });
    const wanted = events.filter(({ name }) => wants(name));
    if (wanted.length > 0 || pending.length > 0) return wanted;
    this.#forget(channel, debt);
    return undefined;
  }

  /** Whether the endpoint cannot be brought to the whole truth of the channel. */
  isPartial(channel: ChannelName): boolean {
    return this.#channels.get(channel)?.isPartial ?? this.#hasOverflowed;
  }

  #set(debt: Debt, subject: string, told: Told): void {
    if (!debt.told.has(subject)) this.#subjects += 1;
    debt.told.set(subject, told);
  }

  #forget(channel: ChannelName, debt: Debt): void {
    this.#subjects -= debt.told.size;
    this.#channels.delete(channel);
  }
}

/** Of whom an event tells, and whether it says that it is there. */
function read(event: StateEvent): { readonly subject: string; readonly isThere: boolean } {
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
      return { subject: itself, isThere: event.name === 'channel_occupied' };
    case 'member_added':
    case 'member_removed':
      return { subject: event.userId, isThere: event.name === 'member_added' };
  }
}
