import type { DifferenceView, TruthView } from '../views/truth.ts';
import type { ChannelRecord, MemberRecord } from '../channels/channel-record.ts';
import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import { Beliefs, type Belief } from '../webhooks/belief.ts';
import { selectionAt, selectionOf, passes, type Endpoint } from '../webhooks/endpoint.ts';
import { itself } from '../webhooks/last-sent.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { DebtReading } from './debtor.ts';
import type { Reconciler } from './reconciler.ts';
import { unknownBelief, limitsOf, lingers, lost, waits } from './truth-sentences.ts';
import type { WaitingEvents } from '../dispatch/waiting.ts';

/** What comparing needs. */
export interface TruthOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly reconciler: Pick<Reconciler, 'read'>;
  /** Called when they are needed. */
  readonly dispatcher: () => Pick<Dispatcher, 'target' | 'waitingIn' | 'channelsWaiting'>;
  readonly ledger: () => Attended;
  /** What is unknown for other reasons, one sentence each. */
  readonly alsoUnknown: (appId: string, endpointId: string) => readonly string[];
  /** Limits the work in each turn of the event loop. */
  readonly steps: TurnBudget;
}

/** Knows which channels are occupied or linger. */
export interface Attended {
  record(appId: string, channel: ChannelName): Readonly<ChannelRecord> | undefined;
  /** The collection is live. */
  records(appId: string): Iterable<Readonly<ChannelRecord>>;
}

/** Compares what an endpoint must believe with the truth. Undefined if there is no such endpoint. */
export type ReadTruth = (appId: string, endpointId: string) => Promise<TruthView | undefined>;

/** The maximum number of differences in a view. */
const mostShown = 200;

/** How many channels and members are examined in one step. */
const seenInStep = 10;

/**
 * Determines, on a single node, what an endpoint must believe after the webhooks it has accepted, and where that differs from
 * the truth. Nothing is stored for this: it follows from what webhooks have reported, what waits and what was dropped. Each
 * channel is compared at one point in time; other turns of the event loop may run in between.
 */
export function createTruth(options: TruthOptions): ReadTruth {
  return async (appId, endpointId) => {
    const debts = await options.reconciler.read(appId, endpointId);
    const endpoint = options.dispatcher().target(appId, endpointId)?.endpoint;
    if (debts === undefined || endpoint === undefined) return undefined;
    if (!isComparable(endpoint)) return withoutAnswer(endpoint.id, options.wallTime.now(), selectsNeither);
    const comparison = new Comparison(options, { appId, endpoint, ...debts });
    await comparison.run();
    return comparison.view();
  };
}

/** The result for a node in a cluster, where any node may serve the endpoint. */
export function unknownTruth(endpoint: string, atMs: number): TruthView {
  return withoutAnswer(
    endpoint,
    atMs,
    'A single server knows what its endpoints were sent. This one is one of several nodes that share a Redis, and no node knows all of it',
  );
}

const selectsNeither =
  'Its event types contain neither both channel_occupied and channel_vacated nor both member_added and member_removed, so there is nothing that it must believe';

/** Whether its event types report presence: both that somebody joins and that somebody leaves. */
function isComparable(endpoint: Endpoint): boolean {
  return selectionOf(endpoint, 'channel') === 'all' || selectionOf(endpoint, 'member') === 'all';
}

function withoutAnswer(endpoint: string, atMs: number, unknown: string): TruthView {
  return {
    endpoint,
    atMs,
    unknown,
    channels: 0,
    members: 0,
    differences: [],
    differing: 0,
    limits: [],
    canReconcile: false,
  };
}

/** An endpoint that is compared. */
interface Compared extends DebtReading {
  readonly appId: string;
  readonly endpoint: Endpoint;
}

/** The state of a channel at the time at which it is compared. */
interface Judged {
  readonly name: ChannelName;
  readonly record: Readonly<ChannelRecord> | undefined;
  readonly waiting: WaitingEvents;
  readonly beliefs: Beliefs;
}

class Comparison {
  readonly #options: TruthOptions;
  readonly #compared: Compared;
  readonly #seen = new Set<ChannelName>();
  readonly #differences: DifferenceView[] = [];
  #differing = 0;
  #channels = 0;
  #members = 0;
  #leftOut = 0;
  /** The number of channels of which the endpoint has missed something that is not remembered. */
  #uncertain = 0;
  #canReconcile = false;

  constructor(options: TruthOptions, compared: Compared) {
    this.#options = options;
    this.#compared = compared;
  }

  async run(): Promise<void> {
    const { appId, endpoint, debts } = this.#compared;
    const { dispatcher, ledger } = this.#options;
    const judge = (name: ChannelName): void => this.#judge(name, ledger().record(appId, name));
    const pace = new Pace(this.#options.steps);
    for (const { name, members } of ledger().records(appId)) {
      if (!pace.goesOn(1 + members.size)) await pace.rest();
      judge(name);
    }
    // Channels that no longer exist, but of which the endpoint has not been notified.
    for (const names of [debts.channels, dispatcher().channelsWaiting(appId, endpoint.id)]) {
      for (const name of names) {
        if (!pace.goesOn(1)) await pace.rest();
        judge(name);
      }
    }
  }

  view(): TruthView {
    const { endpoint, debts, former } = this.#compared;
    const limits = [
      ...limitsOf(endpoint, this.#leftOut),
      ...this.#options.alsoUnknown(this.#compared.appId, endpoint.id),
    ];
    if (debts.hasOverflowed) {
      limits.push(
        'More was dropped than is remembered: for channels without a record it is not known what the endpoint believes, including channels that are vacated.',
      );
    }
    if (this.#uncertain > 0) {
      limits.push(
        `For ${this.#uncertain} ${this.#uncertain === 1 ? 'channel' : 'channels'}, an event was dropped that is not remembered: it may believe that users are there who have left.`,
      );
    }
    if (former.length > 0) {
      limits.push(
        'Its event types or its channel filter were changed, or it was removed for a while: it may believe that somebody is there who left while it did not select such events.',
      );
    }
    return {
      endpoint: endpoint.id,
      atMs: this.#options.wallTime.now(),
      channels: this.#channels,
      members: this.#members,
      differences: this.#differences,
      differing: this.#differing,
      limits,
      canReconcile: this.#canReconcile && this.#isServed,
    };
  }

  get #isServed(): boolean {
    const { isEnabled, heldSinceMs } = this.#compared.endpoint;
    return isEnabled && heldSinceMs === undefined;
  }

  #judge(name: ChannelName, record: Readonly<ChannelRecord> | undefined): void {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const { appId, endpoint, debts } = this.#compared;
    const channels = selectionAt(endpoint, 'channel', name) === 'all';
    const members = selectionAt(endpoint, 'member', name) === 'all';
    if (!channels && !members) {
      if (record?.isLive === true && !passes(endpoint, name)) this.#leftOut += 1;
      return;
    }
    const waiting = this.#options.dispatcher().waitingIn(appId, endpoint.id, name);
    const debt = debts.of(name);
    if (debt?.isUncertain === true) this.#uncertain += 1;
    const beliefs = new Beliefs({
      debt,
      isUnsure: debts.hasOverflowed,
      waiting: waiting.events,
    });
    const judged = { name, record, waiting, beliefs };
    if (channels) this.#compare(judged, itself, record);
    if (!members) return;
    for (const member of record?.members.values() ?? []) this.#compare(judged, member.userId, member);
    for (const userId of beliefs.subjects) {
      if (userId !== itself && record?.members.has(userId) !== true) this.#compare(judged, userId, undefined);
    }
  }

  #compare(judged: Judged, subject: string, found: ChannelRecord | MemberRecord | undefined): void {
    const isMember = subject !== itself;
    const belief = this.#doubt(judged, judged.beliefs.of(subject, found?.isAnnounced ?? false), isMember);
    const isLive = found?.isLive ?? false;
    if (isLive || belief.believed === true) {
      if (isMember) this.#members += 1;
      else this.#channels += 1;
    }
    if (belief.believed === isLive) return;
    this.#differing += 1;
    const reason = this.#explain(judged, belief, found, isMember);
    if (this.#differences.length >= mostShown) return;
    this.#differences.push({
      channel: judged.name,
      ...(isMember && { userId: subject }),
      believed: belief.believed === undefined ? 'unknown' : belief.believed ? 'there' : 'gone',
      actual: isLive ? 'there' : 'gone',
      ...reason(),
    });
  }

  /** A subject that the endpoint seems to know as gone may have left while the endpoint did not select such events. */
  #doubt({ name }: Judged, belief: Belief, isMember: boolean): Belief {
    if (belief.believed !== false) return belief;
    const kind = isMember ? 'member' : 'channel';
    const wasSelected = this.#compared.former.some(
      (selection) => selectionAt(selection, kind, name) !== 'nothing',
    );
    return wasSelected ? { ...belief, believed: undefined } : belief;
  }

  /** Why it differs. The sentence is built only if it is shown. */
  #explain(
    { name, record, waiting }: Judged,
    { believed, expected, first, sent }: Belief,
    found: ChannelRecord | MemberRecord | undefined,
    isMember: boolean,
  ): () => Pick<DifferenceView, 'why' | 'heals'> {
    const { endpoint, debts } = this.#compared;
    const isRequested = debts.of(name)?.isRequested === true;
    const isAnnounced = found?.isAnnounced ?? false;
    const nowMs = this.#options.wallTime.now();
    if (expected !== isAnnounced) {
      const heals = this.#isServed && (endpoint.reconcile === true || isRequested) && sent !== undefined;
      if (sent !== undefined) this.#canReconcile = true;
      if (sent === undefined || believed === undefined) return () => ({ why: unknownBelief(sent), heals });
      const [arrival, departure] = isMember
        ? (['member_added', 'member_removed'] as const)
        : (['channel_occupied', 'channel_vacated'] as const);
      return () => ({ why: lost(sent, isAnnounced ? arrival : departure, { heals, nowMs }), heals });
    }
    if (first !== undefined && believed !== isAnnounced) {
      return () => ({ why: waits(endpoint, first, waiting, nowMs), heals: this.#isServed });
    }
    const untilMs = nowMs + deadlineOf(found, record) - this.#options.clock.now();
    return () => ({ why: lingers(endpoint, isMember, { untilMs, nowMs }), heals: this.#isServed });
  }
}

/** Pauses now and then, so that other work can run. */
class Pace {
  readonly #steps: TurnBudget;
  #seen = 0;

  constructor(steps: TurnBudget) {
    this.#steps = steps;
  }

  /** Whether this many more can be examined in this turn. */
  goesOn(seen: number): boolean {
    this.#seen += seen;
    if (this.#seen < seenInStep) return true;
    const isRoom = this.#steps.take(this.#due);
    if (isRoom) this.#seen = 0;
    return isRoom;
  }

  /** Waits for a turn with room. */
  async rest(): Promise<void> {
    await this.#steps.step(this.#due);
    this.#seen = 0;
  }

  get #due(): number {
    return Math.min(this.#steps.perTurn, Math.floor(this.#seen / seenInStep));
  }
}

/** Until when the subject lingers. A channel does not end before its last member. */
function deadlineOf(
  found: ChannelRecord | MemberRecord | undefined,
  record: Readonly<ChannelRecord> | undefined,
): Millis {
  let deadline = found?.deadline ?? -Infinity;
  if (found?.kind === 'channel') {
    for (const member of record?.members.values() ?? []) deadline = Math.max(deadline, member.deadline);
  }
  return deadline;
}
