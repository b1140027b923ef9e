import type { ChannelRecord } from '../channels/channel-record.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { Debts } from '../webhooks/debts.ts';
import { selectionAt, selectionOf, selectsNewly, type Selection } from '../webhooks/endpoint.ts';
import { itself, readSubject, type StateEvent, type NotSentReason } from '../webhooks/last-sent.ts';

/** The dependencies of a search. */
export interface PriorStateOptions {
  readonly debts: Debts;
  /** What the endpoint selects from now on. */
  readonly selection: Selection;
  /** What it selected until now, if anything. */
  readonly before: Selection | undefined;
  /** What it selected earlier. */
  readonly former: readonly Selection[];
  readonly why: NotSentReason;
  /** Greater than the sequence numbers of all events before the search. */
  readonly seq: number;
  /** Subjects of which it was sent something during an earlier search. */
  readonly touched?: ReadonlySet<string> | undefined;
  /** Called when the debt of a channel has changed. */
  readonly noted: (channel: ChannelName) => void;
}

/** How many channels and members are examined in one step. */
const seenInStep = 10;

/**
 * Finds what was reported before an endpoint selected such events, and records a debt for each. It takes several turns. If the
 * endpoint is sent an event of a subject meanwhile, the first of them shows whether the subject was there before.
 */
export class PriorStateSearch {
  readonly #options: PriorStateOptions;
  readonly #touched: Set<string>;
  #isStopped = false;

  constructor(options: PriorStateOptions) {
    this.#options = options;
    this.#touched = new Set(options.touched);
  }

  get touched(): ReadonlySet<string> {
    return this.#touched;
  }

  /** The endpoint is sent an event. */
  touch(event: StateEvent): void {
    const { subject, isThere } = readSubject(event);
    const key = keyOf(event.channel, subject);
    if (!isThere && !this.#touched.has(key) && this.#note(event.channel, subject)) {
      this.#options.noted(event.channel);
    }
    this.#touched.add(key);
  }

  /** Examines all channels, in turns that have room for it. Undefined if it finished immediately. */
  find(records: Iterable<Readonly<ChannelRecord>>, steps: TurnBudget): Promise<void> | undefined {
    return this.#find(records[Symbol.iterator](), steps);
  }

  /** Cancels the search. */
  stop(): void {
    this.#isStopped = true;
  }

  #find(records: Iterator<Readonly<ChannelRecord>>, steps: TurnBudget): Promise<void> | undefined {
    let seen = 0;
    for (let next = records.next(); next.done !== true; next = records.next()) {
      const record = next.value;
      this.#look(record);
      seen += 1 + record.members.size;
      const taken = Math.min(steps.perTurn, Math.floor(seen / seenInStep));
      if (taken === 0) continue;
      seen = 0;
      if (!steps.take(taken)) return this.#continue(records, steps, taken);
    }
    return undefined;
  }

  async #continue(
    records: Iterator<Readonly<ChannelRecord>>,
    steps: TurnBudget,
    taken: number,
  ): Promise<void> {
    await steps.step(taken);
    if (!this.#isStopped) await this.#find(records, steps);
  }

  #look({ name, isAnnounced, members }: Readonly<ChannelRecord>): void {
    const isUntouched = (subject: string): boolean => !this.#touched.has(keyOf(name, subject));
    let isNoted = isAnnounced && isUntouched(itself) && this.#note(name, itself);
    const { selection, before } = this.#options;
    if (members.size > 0 && selectsNewly(selection, before, 'member', name)) {
      for (const { isAnnounced: isReported, userId } of members.values()) {
        if (isReported && isUntouched(userId)) isNoted = this.#note(name, userId) || isNoted;
      }
    }
    if (isNoted) this.#options.noted(name);
  }

  #note(channel: ChannelName, subject: string): boolean {
    const kind = subject === itself ? 'channel' : 'member';
    const { debts, selection, before, former, why, seq } = this.#options;
    if (!selectsNewly(selection, before, kind, channel)) return false;
    const mayKnow = [...former, ...(before === undefined ? [] : [before])].some(
      (earlier) => selectionAt(earlier, kind, channel) !== 'nothing',
    );
    debts.missedBefore(channel, subject, { why, isThere: mayKnow ? undefined : false, seq });
    return true;
  }
}

/** Whether something is no longer selected, or was selected only in part, so that its state may have a gap. */
export function leavesGap(before: Selection, after: Selection): boolean {
  const { startsWith = '', endsWith = '' } = before.channels;
  const { startsWith: laterStart = '', endsWith: laterEnd = '' } = after.channels;
  if (!startsWith.startsWith(laterStart) || !endsWith.endsWith(laterEnd)) return true;
  return (['channel', 'member'] as const).some((kind) => {
    const selected = selectionOf(before, kind);
    return selected === 'part' || (selected === 'all' && selectionOf(after, kind) !== 'all');
  });
}

function keyOf(channel: ChannelName, subject: string): string {
  return `${channel}\n${subject}`;
}
